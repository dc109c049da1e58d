-- name: load
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1 AND id = $2 AND archived_at IS NULL

-- name: load_for_change
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1 AND id = $2 AND archived_at IS NULL
   FOR NO KEY UPDATE

-- name: load_for_removal
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1 AND id = $2 AND archived_at IS NULL
   FOR UPDATE

-- name: page
-- The ids are counted off in the index alone; rows are read only for the page.
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1
   AND id IN (SELECT id FROM teams WHERE organization = $1 AND archived_at IS NULL
               ORDER BY id LIMIT $2 OFFSET $3)
 ORDER BY id

-- name: after
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1 AND id > $2 AND archived_at IS NULL
 ORDER BY id LIMIT $3

-- name: among
SELECT id, version, created_at, modified_at, members, resource, CAST(NULL AS TEXT)
  FROM teams
 WHERE organization = $1 AND id = ANY($2) AND archived_at IS NULL
 ORDER BY id

-- name: named
SELECT id FROM teams WHERE organization = $1 AND display_name_key = $2 AND archived_at IS NULL

-- name: existing
-- Those found cannot be archived before this transaction ends.
SELECT id FROM teams
 WHERE organization = $1 AND id = ANY($2) AND archived_at IS NULL
 ORDER BY id FOR KEY SHARE

-- name: insert
INSERT INTO teams (organization, id, display_name_key, display, members, version, created_at, modified_at, resource,
                   default_role)
VALUES ($1, $2, $3, $4, 0, 1, $5, $5, $6, $7)

-- name: settings
SELECT settings FROM teams WHERE organization = $1 AND id = $2 AND archived_at IS NULL

-- name: settings_of
SELECT id, settings FROM teams WHERE organization = $1 AND id = ANY($2)

-- name: set_settings
UPDATE teams
   SET settings = $3, version = version + 1, modified_at = CASE WHEN modified_at > $4 THEN modified_at ELSE $4 END
 WHERE organization = $1 AND id = $2

-- name: touch
UPDATE teams
   SET version = version + 1, modified_at = CASE WHEN modified_at > $3 THEN modified_at ELSE $3 END
 WHERE organization = $1 AND id = $2

-- name: by_name
-- The team of that name, or else the one that last had it.
SELECT id FROM (
    SELECT id, 0 AS place FROM teams
     WHERE organization = $1 AND display_name_key = $2 AND archived_at IS NULL
     UNION ALL
    SELECT t.id, 1 FROM team_aliases a JOIN teams t ON t.organization = a.organization AND t.id = a.team
     WHERE a.organization = $1 AND a.name_key = $2 AND t.archived_at IS NULL) AS found
 ORDER BY place LIMIT 1

-- name: alias
INSERT INTO team_aliases (organization, name_key, team, created_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, name_key) DO UPDATE SET team = excluded.team, created_at = excluded.created_at

-- name: archived
SELECT id, display, archived_at FROM teams
 WHERE organization = $1 AND archived_at IS NOT NULL AND archived_at > $2
 ORDER BY archived_at, id LIMIT 1000

-- name: expired
SELECT id, display, archived_at FROM teams
 WHERE organization = $1 AND archived_at IS NOT NULL AND archived_at <= $2
 ORDER BY archived_at LIMIT 1

-- name: hold_expired
-- Who holds the row works on the team; others leave it to that one, and nobody brings the team back meanwhile.
SELECT id, display, archived_at FROM teams
 WHERE organization = $1 AND archived_at IS NOT NULL AND archived_at <= $2
 ORDER BY archived_at LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: remove
DELETE FROM teams WHERE organization = $1 AND id = $2 AND archived_at IS NOT NULL

-- name: forget_aliases
DELETE FROM team_aliases WHERE organization = $1 AND team = $2

-- name: bury
INSERT INTO tombstones (organization, id, resource_type, display, handle, removed_at)
VALUES ($1, $2, 'Group', $3, '', $4)

-- name: restore
UPDATE teams
   SET archived_at = NULL, version = version + 1,
       modified_at = CASE WHEN modified_at > $4 THEN modified_at ELSE $4 END
 WHERE organization = $1 AND id = $2 AND archived_at IS NOT NULL AND archived_at > $3
RETURNING resource

-- name: names
SELECT display FROM teams WHERE organization = $1 AND archived_at IS NULL ORDER BY display_name_key LIMIT 1000

-- name: replace
-- Compare and swap: no row comes back when the version has moved on. $8 is how many members more.
UPDATE teams
   SET display_name_key = $4, display = $5, modified_at = $6, resource = $7, members = members + $8,
       version = version + 1
 WHERE organization = $1 AND id = $2 AND version = $3
RETURNING version

-- name: set_default_role
UPDATE teams SET default_role = $3 WHERE organization = $1 AND id = $2

-- name: count_members
UPDATE teams SET members = members + $3 WHERE organization = $1 AND id = $2

-- name: gain_member
UPDATE teams
   SET members = members + 1, version = version + 1,
       modified_at = CASE WHEN modified_at > $3 THEN modified_at ELSE $3 END
 WHERE organization = $1 AND id = $2

-- name: lose_member
UPDATE teams
   SET members = members - 1, version = version + 1,
       modified_at = CASE WHEN modified_at > $3 THEN modified_at ELSE $3 END
 WHERE organization = $1 AND id = $2

-- name: hold_around
-- The teams that hold this member, before it leaves them: teams are locked before their members.
SELECT id FROM teams
 WHERE organization = $1 AND id IN (SELECT team FROM memberships WHERE organization = $1 AND member = $2)
 ORDER BY id FOR NO KEY UPDATE

-- name: expire
UPDATE teams SET archived_at = $3 WHERE organization = $1 AND id = $2 AND archived_at IS NOT NULL

-- name: archive
UPDATE teams SET archived_at = $3 WHERE organization = $1 AND id = $2 AND archived_at IS NULL
