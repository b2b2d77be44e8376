#!/bin/bash
# What administrators of the workflow hub keep in their scripts: a token, a client key for automation,
# a workflow of their own, a run of it, and waiting for its end. Takes HUB, USERNAME and PASSWORD from
# the environment; prints the key and the number of the job.
set -euo pipefail

JSON=(-H 'Accept: application/json' -H 'Content-Type: application/json')

export JWT_TOKEN=$(curl -s -X POST "$HUB/api/auth/token/" "${JSON[@]}" \
  -d "{\"username\": \"$USERNAME\", \"password\": \"$PASSWORD\"}" | jq -r .access)
export API_KEY=$(curl -s -X POST "$HUB/api/auth/clientkeys/" "${JSON[@]}" \
  -H "Authorization: Bearer $JWT_TOKEN" -d '{"name": "my_automation_key"}' | jq -r .api_key)

ask() { # method, address, body
  curl -sf -X "$1" "$HUB/api/$2" "${JSON[@]}" -H "Authorization: Api-Key $API_KEY" ${3:+-d "$3"}
}

for site in source-site london; do
  known=$(ask GET 'sites/?page_size=0' | jq -r ".results[] | select(.name == \"$site\") | .id")
  [ -n "$known" ] || ask POST sites/ "{\"name\": \"$site\"}" >/dev/null
done

workflow=$(ask POST workflows/ '{
  "name": "migrate_to",
  "label": "Migrate to a site",
  "icon": "<i class=\"fas fa-rocket\"></i>",
  "steps": [
    {"name": "dynamo.tasks.migrate", "overwrite": true},
    {"name": "dynamo.tasks.recall", "site": "&target_site"}
  ],
  "fields": [
    {"name": "target_site", "label": "Site to migrate to", "type": "enum[site]"},
    {"name": "delete", "label": "Delete from source", "type": "bool"}
  ]
}' | jq -r .id)
ask PATCH "workflows/$workflow/" '{"label": "Migrate to another site"}' >/dev/null

job=$(ask POST file/workflow/ '{
  "paths": ["/mmfs1/data/sample_data.tgz"],
  "site": "source-site",
  "workflow": "migrate_to",
  "discovery": null,
  "fields": {"target_site": "london", "delete": false}
}' | jq -r .job)
ask GET "jobs/$job/" | jq -er '.state, .numfiles, .owner' >/dev/null
ask GET "tasks/?job=$job" | jq -er '.results[0].taskid' >/dev/null

echo "$API_KEY"
echo "$job"
