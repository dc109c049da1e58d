-- name: event
INSERT INTO events (organization, id, at, actor, request, kind, resource_type, resource, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: count
INSERT INTO counters (organization, name, value) VALUES ($1, $2, $3)
    ON CONFLICT (organization, name) DO UPDATE SET value = counters.value + excluded.value

-- name: counted
SELECT value FROM counters WHERE organization = $1 AND name = $2
