-- name: after
SELECT id, at, kind, actor_type, actor, credential, address, request, resource_type, resource, detail, position, hash
  FROM events
 WHERE organization = $1 AND position > $2
 ORDER BY position LIMIT $3

-- name: wanted
-- A stretch of the chain, so that no statement looks at all of it.
SELECT id, at, kind, actor_type, actor, credential, address, request, resource_type, resource, detail, position, hash
  FROM events
 WHERE organization = $1 AND position > $2 AND position <= $3
   AND (CAST($4 AS TEXT) IS NULL OR kind = $4)
   AND (CAST($5 AS TEXT) IS NULL OR resource = $5)
   AND (CAST($6 AS TEXT) IS NULL OR actor = $6)
   AND (CAST($7 AS BIGINT) IS NULL OR at >= $7)
   AND (CAST($8 AS BIGINT) IS NULL OR at < $8)
 ORDER BY position LIMIT $9

-- name: wanted_newest
-- The same from the end.
SELECT id, at, kind, actor_type, actor, credential, address, request, resource_type, resource, detail, position, hash
  FROM events
 WHERE organization = $1 AND position > $2 AND position <= $3
   AND (CAST($4 AS TEXT) IS NULL OR kind = $4)
   AND (CAST($5 AS TEXT) IS NULL OR resource = $5)
   AND (CAST($6 AS TEXT) IS NULL OR actor = $6)
   AND (CAST($7 AS BIGINT) IS NULL OR at >= $7)
   AND (CAST($8 AS BIGINT) IS NULL OR at < $8)
 ORDER BY position DESC LIMIT $9

-- name: users
SELECT id, coalesce(display, handle), resource FROM users WHERE organization = $1 AND id = ANY($2)

-- name: teams
SELECT id, display FROM teams WHERE organization = $1 AND id = ANY($2)

-- name: connections
SELECT id, name FROM connections WHERE organization = $1 AND id = ANY($2)

-- name: gone
SELECT id, resource_type, display, handle FROM tombstones WHERE organization = $1 AND id = ANY($2)

-- name: of_request
-- Ids begin with their time, so that a request's events lie in a short stretch of them.
SELECT id, at, kind, actor_type, actor, credential, address, request, resource_type, resource, detail
  FROM events
 WHERE organization = $1 AND id >= $2 AND id < $3 AND request = $4
 ORDER BY id LIMIT $5
