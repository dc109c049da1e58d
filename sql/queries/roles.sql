-- name: load
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1 AND id = $2

-- name: load_for_change
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1 AND id = $2
   FOR NO KEY UPDATE

-- name: load_for_removal
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1 AND id = $2
   FOR UPDATE

-- name: page
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1
 ORDER BY id LIMIT $2 OFFSET $3

-- name: after
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1 AND id > $2
 ORDER BY id LIMIT $3

-- name: among
SELECT id, version, created_at, modified_at, CAST(0 AS BIGINT), resource, CAST(NULL AS TEXT)
  FROM roles
 WHERE organization = $1 AND id = ANY($2)
 ORDER BY id

-- name: named
SELECT id FROM roles WHERE organization = $1 AND name_key = $2

-- name: insert
INSERT INTO roles (organization, id, name_key, name, version, created_at, modified_at, resource)
VALUES ($1, $2, $3, $4, 1, $5, $5, $6)

-- name: replace
-- Compare and swap: no row comes back when the version has moved on.
UPDATE roles
   SET name_key = $4, name = $5, modified_at = $6, resource = $7, version = version + 1
 WHERE organization = $1 AND id = $2 AND version = $3
RETURNING version

-- name: remove
DELETE FROM roles WHERE organization = $1 AND id = $2

-- name: hold_teams
-- The teams in which somebody has the role, or newcomers get it: teams are locked before what belongs to them.
SELECT id FROM teams
 WHERE organization = $1
   AND id IN (SELECT team FROM memberships
               WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')
               UNION
              SELECT id FROM teams
               WHERE organization = $1 AND default_role = $2 AND default_role NOT IN ('admin', 'member', 'viewer'))
 ORDER BY id FOR NO KEY UPDATE

-- name: holders
SELECT team, member FROM memberships
 WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')
 ORDER BY team, member LIMIT $3

-- name: give
UPDATE memberships SET role = $4 WHERE organization = $1 AND team = $2 AND member = ANY($3)

-- name: n_holders
SELECT count(*), count(DISTINCT member) FROM memberships
 WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')

-- name: first_holders
SELECT m.member, m.team
  FROM memberships m
 WHERE m.organization = $1 AND m.role = $2 AND m.role NOT IN ('admin', 'member', 'viewer')
   AND m.member IN (SELECT DISTINCT member FROM memberships
                     WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')
                     ORDER BY member LIMIT $3)
 ORDER BY m.member, m.team

-- name: teams_giving
SELECT id, resource FROM teams
 WHERE organization = $1 AND default_role = $2 AND default_role NOT IN ('admin', 'member', 'viewer')
 ORDER BY id

-- name: set_given
-- What newcomers to a team get.
UPDATE teams
   SET default_role = $3, resource = $4, version = version + 1,
       modified_at = CASE WHEN modified_at > $5 THEN modified_at ELSE $5 END
 WHERE organization = $1 AND id = $2

-- name: named_exactly
-- Until this transaction ends, the role stays, under this name.
SELECT id FROM roles WHERE organization = $1 AND name_key = $2 AND name = $3 FOR KEY SHARE

-- name: names
SELECT name FROM roles WHERE organization = $1 ORDER BY name LIMIT 1000
