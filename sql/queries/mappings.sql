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
-- Without a source where the mapping is gone.
SELECT g.mapping, x.source, g.team, g.role
  FROM grants g LEFT JOIN mappings x ON x.organization = $1 AND x.id = g.mapping
 WHERE g.organization = $1 AND g.member = $2

-- name: grant
INSERT INTO grants (organization, member, mapping, team, role)
SELECT $1, $2, id, team, coalesce(team_role, organization_role) FROM mappings WHERE organization = $1 AND id = $3
    ON CONFLICT (organization, member, mapping) DO NOTHING

-- name: hold
-- Until this transaction ends the mapping stays as it is.
SELECT id FROM mappings WHERE organization = $1 AND id = $2 FOR SHARE

-- name: withdraw
DELETE FROM grants WHERE organization = $1 AND member = $2 AND mapping = $3

-- name: forget_member
DELETE FROM grants WHERE organization = $1 AND member = $2

-- name: holders
SELECT member FROM grants WHERE organization = $1 AND mapping = $2 AND member > $3 ORDER BY member LIMIT $4

-- name: unsettle
INSERT INTO unsettled (organization, member)
SELECT $1, list.value FROM unnest($2::text[]) WITH ORDINALITY AS list (value, place)
 WHERE true
    ON CONFLICT (organization, member) DO UPDATE SET member = excluded.member

-- name: unsettle_holders
INSERT INTO unsettled (organization, member)
SELECT DISTINCT $1, member FROM grants WHERE organization = $1 AND mapping = $2
    ON CONFLICT (organization, member) DO UPDATE SET member = excluded.member

-- name: waiting
SELECT DISTINCT organization FROM unsettled ORDER BY organization LIMIT 100

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

-- name: gives_admin
SELECT CAST(1 AS BIGINT) FROM grants
 WHERE organization = $1 AND team = $2 AND team <> '' AND member = $3 AND role = 'admin' LIMIT 1

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
