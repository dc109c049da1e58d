-- name: insert
INSERT INTO mappings (organization, id, source, subject, value, organization_role, team, team_role, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: remove
DELETE FROM mappings WHERE organization = $1 AND id = $2

-- name: list
SELECT x.id, x.source, x.subject, x.value, s.display, x.organization_role, x.team, t.display, x.team_role, r.name,
       r.resource, x.created_by, x.created_at
  FROM mappings x
       LEFT JOIN teams s ON s.organization = $1 AND x.source = 'group' AND s.id = x.subject AND s.archived_at IS NULL
       LEFT JOIN teams t ON t.organization = $1 AND t.id = x.team AND t.archived_at IS NULL
       LEFT JOIN roles r ON r.organization = $1 AND r.id = x.team_role
 WHERE x.organization = $1
 ORDER BY x.id

-- name: of_groups
SELECT id, subject FROM mappings WHERE organization = $1 AND source = 'group'

-- name: grants_of
SELECT g.mapping, x.source, x.organization_role
  FROM grants g JOIN mappings x ON x.organization = $1 AND x.id = g.mapping
 WHERE g.organization = $1 AND g.member = $2

-- name: grant
INSERT INTO grants (organization, member, mapping, team, role) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (organization, member, mapping) DO NOTHING

-- name: withdraw
DELETE FROM grants WHERE organization = $1 AND member = $2 AND mapping = $3

-- name: forget_member
DELETE FROM grants WHERE organization = $1 AND member = $2

-- name: holders
SELECT member FROM grants WHERE organization = $1 AND mapping = $2 AND member > $3 ORDER BY member LIMIT $4

-- name: unsettle
INSERT INTO unsettled (organization, member) VALUES ($1, $2) ON CONFLICT (organization, member) DO NOTHING

-- name: unsettled
SELECT member FROM unsettled WHERE organization = $1 ORDER BY member LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: settled
DELETE FROM unsettled WHERE organization = $1 AND member = $2

-- name: fall_back
-- A role that is gone gives what it was made from.
UPDATE mappings SET team_role = $3
 WHERE organization = $1 AND team_role = $2 AND team_role NOT IN ('admin', 'member', 'viewer')

-- name: give_instead
UPDATE grants SET role = $3 WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')

-- name: members
-- Who is in a team by mappings.
SELECT DISTINCT member FROM grants
 WHERE organization = $1 AND team = $2 AND team <> '' AND member > $3
 ORDER BY member LIMIT $4

-- name: is_in
SELECT CAST(1 AS BIGINT) FROM grants
 WHERE organization = $1 AND team = $2 AND team <> '' AND member = $3 LIMIT 1

-- name: admins_without
-- Who is an admin by decision or by another mapping stays one.
SELECT count(*)
  FROM users u
 WHERE u.organization = $1 AND u.organization_role = 'admin' AND u.active AND u.account_type = 'user'
   AND (u.own_role = 'admin'
        OR EXISTS (SELECT 1 FROM grants g
                    WHERE g.organization = $1 AND g.member = u.id AND g.team = '' AND g.role = 'admin' AND g.mapping <> $2))
