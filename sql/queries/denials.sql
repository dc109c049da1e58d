-- name: is_told
SELECT CAST(1 AS BIGINT) FROM denials WHERE organization = $1 AND actor = $2 AND subject = $3 AND hour >= $4

-- name: tell
-- Changes nothing when it was told in this hour, also by somebody who does it at this moment.
INSERT INTO denials (organization, actor, subject, hour) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, actor, subject) DO UPDATE SET hour = excluded.hour
 WHERE denials.hour < excluded.hour

-- name: forget
DELETE FROM denials WHERE organization = $1 AND hour < $2
