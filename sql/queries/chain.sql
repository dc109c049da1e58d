-- name: unsealed
SELECT id FROM events WHERE organization = $1 AND position IS NULL ORDER BY id LIMIT 1

-- name: waiting
SELECT id, at, kind, actor_type, actor, credential, address, request, resource_type, resource, detail
  FROM events
 WHERE organization = $1 AND position IS NULL
 ORDER BY id LIMIT $2

-- name: begin
INSERT INTO chains (organization, position, hash, first, before_first) VALUES ($1, 0, '', 1, '')
    ON CONFLICT (organization) DO NOTHING

-- name: lease
-- Who holds the row is the one who makes the chain longer; others leave it to that one.
SELECT position, hash, first, before_first FROM chains WHERE organization = $1 FOR UPDATE SKIP LOCKED

-- name: head
SELECT position, hash, first, before_first FROM chains WHERE organization = $1

-- name: seal
UPDATE events SET position = $3, hash = $4 WHERE organization = $1 AND id = $2 AND position IS NULL

-- name: advance
UPDATE chains SET position = $2, hash = $3, first = $4, before_first = $5 WHERE organization = $1

-- name: forget
DELETE FROM events WHERE organization = $1 AND position >= $2 AND position <= $3
