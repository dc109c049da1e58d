-- name: insert
INSERT INTO identities (organization, provider, subject, person, state, created_at, used_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)

-- name: known
SELECT person, state FROM identities WHERE organization = $1 AND provider = $2 AND subject = $3

-- name: note_use
UPDATE identities SET used_at = $4
 WHERE organization = $1 AND provider = $2 AND subject = $3 AND state = 'linked'

-- name: of_person
SELECT provider, subject, person, state, created_at, used_at FROM identities WHERE organization = $1 AND person = $2
 ORDER BY created_at, provider, subject

-- name: asked
SELECT provider, subject, person, state, created_at, used_at FROM identities
 WHERE organization = $1 AND state <> 'linked'
 ORDER BY created_at, provider, subject

-- name: decide
UPDATE identities SET state = $4 WHERE organization = $1 AND provider = $2 AND subject = $3 AND state <> $4

-- name: forget
DELETE FROM identities WHERE organization = $1 AND provider = $2 AND subject = $3

-- name: unlink
DELETE FROM identities WHERE organization = $1 AND provider = $2 AND person = $3

-- name: forget_person
DELETE FROM identities WHERE organization = $1 AND person = $2

-- name: forget_provider
DELETE FROM identities WHERE organization = $1 AND provider = $2
