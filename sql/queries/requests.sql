-- name: insert
INSERT INTO requests (organization, id, connection, actor_type, actor, credential, at, took, method, path, headers,
                      status, outcome, scim_type, detail, rules, resource_type, resource, body, body_bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    ON CONFLICT (organization, id) DO NOTHING

-- name: load
SELECT id, connection, actor_type, actor, credential, at, took, method, path, status, outcome, scim_type, detail,
       rules, resource_type, resource, body_bytes, headers, body
  FROM requests WHERE organization = $1 AND id = $2

-- name: before
-- A path holds a text when it is another without it.
SELECT id, connection, actor_type, actor, credential, at, took, method, path, status, outcome, scim_type, detail,
       rules, resource_type, resource, body_bytes
  FROM requests
 WHERE organization = $1 AND id < $2
   AND (CAST($3 AS TEXT) IS NULL OR outcome = $3)
   AND (CAST($4 AS BIGINT) IS NULL OR at >= $4)
   AND (CAST($5 AS BIGINT) IS NULL OR at < $5)
   AND (CAST($6 AS TEXT) IS NULL OR resource = $6)
   AND (CAST($7 AS TEXT) IS NULL OR replace(path, $7, '') <> path)
 ORDER BY id DESC LIMIT $8

-- name: of_connection_before
SELECT id, connection, actor_type, actor, credential, at, took, method, path, status, outcome, scim_type, detail,
       rules, resource_type, resource, body_bytes
  FROM requests
 WHERE organization = $1 AND connection = $9 AND id < $2
   AND (CAST($3 AS TEXT) IS NULL OR outcome = $3)
   AND (CAST($4 AS BIGINT) IS NULL OR at >= $4)
   AND (CAST($5 AS BIGINT) IS NULL OR at < $5)
   AND (CAST($6 AS TEXT) IS NULL OR resource = $6)
   AND (CAST($7 AS TEXT) IS NULL OR replace(path, $7, '') <> path)
 ORDER BY id DESC LIMIT $8

-- name: count
SELECT count(*), CAST(coalesce(sum(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END), 0) AS BIGINT)
  FROM requests WHERE organization = $1 AND connection = $2 AND id >= $3

-- name: nth_newest
SELECT id FROM requests WHERE organization = $1 ORDER BY id DESC LIMIT 1 OFFSET $2

-- name: any_before
SELECT CAST(1 AS BIGINT) FROM requests WHERE organization = $1 AND id < $2 LIMIT 1

-- name: forget_before
DELETE FROM requests
 WHERE organization = $1
   AND id <= (SELECT max(id)
                FROM (SELECT id FROM requests WHERE organization = $1 AND id < $2 ORDER BY id LIMIT $3) AS found)
