-- name: event
INSERT INTO events (organization, id, at, actor, request, kind, resource_type, resource, detail, actor_type,
                    credential, address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING (SELECT schemas FROM organizations WHERE id = $1)

-- name: claim
-- Takes an event's place. It waits for a transaction that is about to write that event, and changes nothing when the
-- event is there.
INSERT INTO events (organization, id, at, actor, request, kind, resource_type, resource, detail)
VALUES ($1, $2, 0, '', '', '', '', '', '')
    ON CONFLICT (organization, id) DO NOTHING

-- name: count
INSERT INTO counters (organization, name, lane, value) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, name, lane) DO UPDATE SET value = counters.value + excluded.value

-- name: count_two
INSERT INTO counters (organization, name, lane, value) VALUES ($1, $2, $3, $4), ($1, $5, $3, $6)
    ON CONFLICT (organization, name, lane) DO UPDATE SET value = counters.value + excluded.value

-- name: counted
SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters WHERE organization = $1 AND name = $2
