-- name: set
INSERT INTO passwords (organization, owner, hash, changed_at, must_change) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (organization, owner)
    DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at, must_change = excluded.must_change

-- name: load
SELECT hash, changed_at, must_change FROM passwords WHERE organization = $1 AND owner = $2

-- name: remove
DELETE FROM passwords WHERE organization = $1 AND owner = $2
