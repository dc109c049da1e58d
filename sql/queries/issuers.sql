-- name: insert
INSERT INTO issuers (organization, id, issuer, audiences, created_at, created_by, connection, clients)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: list
SELECT id, issuer, audiences, created_at, created_by, connection, clients FROM issuers WHERE organization = $1 ORDER BY id

-- name: named
SELECT id, issuer, audiences, created_at, created_by, connection, clients FROM issuers WHERE organization = $1 AND issuer = $2

-- name: remove
DELETE FROM issuers WHERE organization = $1 AND id = $2 RETURNING issuer

-- name: hold
-- It is there until whoever holds it is done.
SELECT id FROM issuers WHERE organization = $1 AND id = $2 FOR SHARE
