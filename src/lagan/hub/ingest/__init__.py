"""How data comes in: look-ups, resumable uploads, batches; acknowledged once durable, digested and
catalogued."""
