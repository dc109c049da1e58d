-- name: forget
DELETE FROM idempotency WHERE organization = $1 AND created_at < $2

-- name: claim
-- Takes a key. It waits for whoever is about to take the same one, and changes nothing when that one did.
INSERT INTO idempotency (organization, actor, route, key, body, answer, created_at)
VALUES ($1, $2, $3, $4, $5, '', $6)
    ON CONFLICT (organization, actor, route, key) DO NOTHING

-- name: taken
SELECT body, answer FROM idempotency WHERE organization = $1 AND actor = $2 AND route = $3 AND key = $4

-- name: answer
UPDATE idempotency SET answer = $5 WHERE organization = $1 AND actor = $2 AND route = $3 AND key = $4
