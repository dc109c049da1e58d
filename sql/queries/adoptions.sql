-- name: ask
INSERT INTO adoptions (organization, connection, person, state, asked_at) VALUES ($1, $2, $3, 'asked', $4)
    ON CONFLICT (organization, connection, person) DO NOTHING

-- name: list
SELECT a.connection, c.name, a.person, u.resource, a.state, a.asked_at
  FROM adoptions a JOIN users u ON u.organization = a.organization AND u.id = a.person
       JOIN connections c ON c.organization = a.organization AND c.id = a.connection AND c.revoked_at IS NULL
 WHERE a.organization = $1 AND a.state <> 'approved' AND (a.person > $2 OR a.person = $2 AND a.connection > $3)
 ORDER BY a.person, a.connection LIMIT $4

-- name: refuse
UPDATE adoptions SET state = 'refused' WHERE organization = $1 AND connection = $2 AND person = $3 AND state = 'asked'

-- name: approve
INSERT INTO adoptions (organization, connection, person, state, asked_at) VALUES ($1, $2, $3, 'approved', $4)
    ON CONFLICT (organization, connection, person) DO UPDATE SET state = 'approved'

-- name: is_approved
SELECT CAST(1 AS BIGINT) FROM adoptions
 WHERE organization = $1 AND connection = $2 AND person = $3 AND state = 'approved'

-- name: forget
DELETE FROM adoptions WHERE organization = $1 AND person = $2
