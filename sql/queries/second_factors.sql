-- name: load
SELECT secret, step FROM second_factors WHERE organization = $1 AND person = $2

-- name: insert
INSERT INTO second_factors (organization, person, secret, created_at, step) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (organization, person)
    DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, step = excluded.step

-- name: advance
UPDATE second_factors SET step = $3 WHERE organization = $1 AND person = $2 AND step < $3

-- name: remove
DELETE FROM second_factors WHERE organization = $1 AND person = $2

-- name: add_code
INSERT INTO recovery_codes (organization, person, digest) VALUES ($1, $2, $3)

-- name: use_code
DELETE FROM recovery_codes WHERE organization = $1 AND person = $2 AND digest = $3

-- name: count_codes
SELECT count(*) FROM recovery_codes WHERE organization = $1 AND person = $2

-- name: forget_codes
DELETE FROM recovery_codes WHERE organization = $1 AND person = $2
