-- name: add
-- Who comes over SCIM has the team's default role; a custom one is not for who only reads in the organization (W-025).
INSERT INTO memberships (organization, team, member, member_type, position, connection, role, origin)
SELECT $1, $2, list.value, $4, $5 + list.place, $6,
       CASE WHEN u.organization_role = 'viewer' AND t.default_role NOT IN ('admin', 'member', 'viewer') THEN 'viewer'
            ELSE coalesce(t.default_role, 'member') END, $7
  FROM unnest($3::text[]) WITH ORDINALITY AS list (value, place)
       LEFT JOIN teams t ON t.organization = $1 AND t.id = $2
       LEFT JOIN users u ON u.organization = $1 AND u.id = list.value
 WHERE true
    ON CONFLICT (organization, team, member) DO NOTHING
RETURNING member

-- name: is_member
SELECT CAST(1 AS BIGINT) FROM memberships WHERE organization = $1 AND team = $2 AND member = $3

-- name: remove
DELETE FROM memberships WHERE organization = $1 AND team = $2 AND member = ANY($3) RETURNING member

-- name: keep_only
DELETE FROM memberships
 WHERE organization = $1 AND team = $2
   AND member NOT IN (SELECT value FROM unnest($3::text[]) WITH ORDINALITY AS list (value, place))
RETURNING member

-- name: members
SELECT m.team, m.member, m.member_type, coalesce(u.display, t.display)
  FROM memberships m
       LEFT JOIN users u ON m.member_type = 'User' AND u.organization = m.organization AND u.id = m.member
       LEFT JOIN teams t ON m.member_type = 'Group' AND t.organization = m.organization AND t.id = m.member
 WHERE m.organization = $1 AND m.team = ANY($2)
 ORDER BY m.team, m.position, m.member

-- name: teams_of
-- The live teams each of these is a member of, not through another. CROSS JOIN keeps the order: from the few
-- memberships to their teams. Who is in a team through another has the outer team's default role.
-- Then those that mappings give, which have nothing to do with who is in what.
WITH wanted (value) AS (SELECT value FROM unnest($2::text[]) WITH ORDINALITY AS list (value, place))
SELECT m.member, t.id, t.display, CASE WHEN m.member_type = 'Group' THEN t.default_role ELSE m.role END, r.name,
       r.resource, CAST(0 AS BIGINT)
  FROM wanted CROSS JOIN memberships m CROSS JOIN teams t
       LEFT JOIN roles r ON r.organization = $1
                        AND r.id = CASE WHEN m.member_type = 'Group' THEN t.default_role ELSE m.role END
 WHERE m.organization = $1 AND m.member = wanted.value
   AND t.organization = $1 AND t.id = m.team AND t.archived_at IS NULL
UNION ALL
SELECT g.member, t.id, t.display, g.role, r.name, r.resource, CAST(1 AS BIGINT)
  FROM wanted CROSS JOIN grants g CROSS JOIN teams t
       LEFT JOIN roles r ON r.organization = $1 AND r.id = g.role
 WHERE g.organization = $1 AND g.member = wanted.value
   AND t.organization = $1 AND t.id = g.team AND t.archived_at IS NULL

-- name: role
SELECT role, origin FROM memberships WHERE organization = $1 AND team = $2 AND member = $3 AND member_type = 'User'

-- name: held
SELECT m.role, u.seat, r.resource
  FROM memberships m JOIN users u ON u.organization = m.organization AND u.id = m.member
       LEFT JOIN roles r ON r.organization = m.organization AND r.id = m.role
 WHERE m.organization = $1 AND m.team = $2 AND m.member = $3 AND m.member_type = 'User'
UNION ALL
SELECT g.role, u.seat, r.resource
  FROM grants g CROSS JOIN users u
       LEFT JOIN roles r ON r.organization = g.organization AND r.id = g.role
 WHERE g.organization = $1 AND g.team = $2 AND g.team <> '' AND g.member = $3
   AND u.organization = $1 AND u.id = $3

-- name: listed
SELECT m.member, m.member_type, coalesce(u.display, u.handle, t.display), coalesce(r.name, m.role), m.origin,
       m.connection, u.seat, u.active, u.resource
  FROM memberships m
       LEFT JOIN users u ON m.member_type = 'User' AND u.organization = m.organization AND u.id = m.member
       LEFT JOIN teams t ON m.member_type = 'Group' AND t.organization = m.organization AND t.id = m.member
       LEFT JOIN roles r ON r.organization = m.organization AND r.id = m.role
 WHERE m.organization = $1 AND m.team = $2 AND m.member > $3
 ORDER BY m.member LIMIT $4

-- name: one
SELECT m.member, m.member_type, coalesce(u.display, u.handle), coalesce(r.name, m.role), m.origin, m.connection,
       u.seat, u.active, u.resource
  FROM memberships m
       LEFT JOIN users u ON u.organization = m.organization AND u.id = m.member
       LEFT JOIN roles r ON r.organization = m.organization AND r.id = m.role
 WHERE m.organization = $1 AND m.team = $2 AND m.member = $3

-- name: admins
-- Those who can act, the ones that a mapping made left out.
SELECT m.member
  FROM memberships m JOIN users u ON u.organization = m.organization AND u.id = m.member
 WHERE m.organization = $1 AND m.team = $2 AND m.role = 'admin' AND u.active
 ORDER BY m.member LIMIT $3

-- name: other_admins
-- Those who can act as admins: active, and bounded neither by the role in the organization nor by the seat.
SELECT count(*)
  FROM (SELECT member FROM memberships
         WHERE organization = $1 AND team = $2 AND member <> $3 AND role = 'admin' AND member_type = 'User'
        UNION
        SELECT member FROM grants
         WHERE organization = $1 AND team = $2 AND team <> '' AND role = 'admin' AND member <> $3) found
       CROSS JOIN users u
 WHERE u.organization = $1 AND u.id = found.member
   AND u.active AND u.organization_role <> 'viewer' AND u.seat = 'full'

-- name: set_role
UPDATE memberships SET role = $4, origin = $5 WHERE organization = $1 AND team = $2 AND member = $3

-- name: direct_teams
SELECT m.team
  FROM memberships m JOIN teams t ON t.organization = m.organization AND t.id = m.team
 WHERE m.organization = $1 AND m.member = $2 AND t.archived_at IS NULL
 LIMIT $3

-- name: all_members
-- Users who belong to the team, themselves or through teams in it.
WITH RECURSIVE down (member, member_type) AS (
    SELECT member, member_type FROM memberships WHERE organization = $1 AND team = $2
    UNION
    SELECT m.member, m.member_type
      FROM down CROSS JOIN memberships m
     WHERE m.organization = $1 AND m.team = down.member AND down.member_type = 'Group'
)
SELECT member FROM down WHERE member_type = 'User' LIMIT $3

-- name: nested
WITH RECURSIVE down (team) AS (
    SELECT member FROM memberships WHERE organization = $1 AND team = $2 AND member_type = 'Group'
    UNION
    SELECT m.member
      FROM down CROSS JOIN memberships m
     WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
)
SELECT team FROM down ORDER BY team

-- name: everybody
-- The same, and who is in any of these teams by a mapping.
WITH RECURSIVE down (team) AS (
    SELECT id FROM teams WHERE organization = $1 AND id = $2
    UNION
    SELECT m.member
      FROM down CROSS JOIN memberships m
     WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
)
SELECT m.member FROM down CROSS JOIN memberships m
 WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'User'
UNION
SELECT g.member FROM down CROSS JOIN grants g
 WHERE g.organization = $1 AND g.team = down.team AND g.team <> ''
 LIMIT $3

-- name: own_teams
-- The live teams each of these is a member of, not through another and not by a mapping.
SELECT m.member, t.id
  FROM memberships m CROSS JOIN teams t
 WHERE m.organization = $1 AND m.member = ANY($2)
   AND t.organization = $1 AND t.id = m.team AND t.archived_at IS NULL

-- name: own_roles
-- What each of these is in which live team, not through another and not by a mapping.
SELECT m.member, t.display, coalesce(r.name, m.role)
  FROM memberships m CROSS JOIN teams t
       LEFT JOIN roles r ON r.organization = m.organization AND r.id = m.role
 WHERE m.organization = $1 AND m.member = ANY($2) AND m.member_type = 'User'
   AND t.organization = $1 AND t.id = m.team AND t.archived_at IS NULL

-- name: depth_above
-- The live teams above a team with their distance. Bounded, should the data ever hold a cycle.
WITH RECURSIVE up (team, level) AS (
    SELECT team, CAST(1 AS BIGINT) FROM memberships WHERE organization = $1 AND member = $2
    UNION
    SELECT m.team, up.level + 1
      FROM up CROSS JOIN memberships m
     WHERE m.organization = $1 AND m.member = up.team AND up.level < 100
)
SELECT up.team, max(up.level)
  FROM up CROSS JOIN teams t
 WHERE t.organization = $1 AND t.id = up.team AND t.archived_at IS NULL
 GROUP BY up.team

-- name: depth_below
-- How many levels of teams stand below a team.
WITH RECURSIVE down (team, level) AS (
    SELECT member, CAST(1 AS BIGINT) FROM memberships WHERE organization = $1 AND team = $2 AND member_type = 'Group'
    UNION
    SELECT m.member, down.level + 1
      FROM down CROSS JOIN memberships m
     WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group' AND down.level < 100
)
SELECT coalesce(max(level), 0) FROM down

-- name: disband
DELETE FROM memberships
 WHERE organization = $1 AND team = $2
   AND member IN (SELECT member FROM memberships WHERE organization = $1 AND team = $2 LIMIT $3)

-- name: forget_member
DELETE FROM memberships WHERE organization = $1 AND member = $2 RETURNING team
