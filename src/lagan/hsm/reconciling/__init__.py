"""What a site's files need of a target and what a target holds are compared, so that nothing that
anybody needs ever goes, and what nobody needs goes in the end."""
