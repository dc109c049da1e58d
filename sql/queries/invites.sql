-- name: insert
INSERT INTO invites (organization, id, email, email_key, role, seat, digest, state, invited_by, created_at, expires_at,
                     team)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11)

-- name: renew
UPDATE invites SET role = $3, seat = $4, digest = $5, expires_at = $6, team = $7 WHERE organization = $1 AND id = $2

-- name: add_team
INSERT INTO invite_teams (organization, invite, team, role) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organization, invite, team) DO UPDATE SET role = excluded.role

-- name: drop_team
DELETE FROM invite_teams WHERE organization = $1 AND invite = $2 AND team = $3

-- name: teams
-- The live teams that come with each of these.
SELECT i.invite, t.id, t.display, i.role, r.name
  FROM unnest($2::text[]) WITH ORDINALITY AS list (value, place) CROSS JOIN invite_teams i CROSS JOIN teams t
       LEFT JOIN roles r ON r.organization = $1 AND r.id = i.role
 WHERE i.organization = $1 AND i.invite = list.value
   AND t.organization = $1 AND t.id = i.team AND t.archived_at IS NULL

-- name: load
SELECT id, email, role, seat, state, invited_by, created_at, expires_at, person, team
  FROM invites WHERE organization = $1 AND id = $2

-- name: load_for_change
SELECT id, email, role, seat, state, invited_by, created_at, expires_at, person, team
  FROM invites WHERE organization = $1 AND id = $2 FOR NO KEY UPDATE

-- name: pending
SELECT id, email, role, seat, state, invited_by, created_at, expires_at, person, team
  FROM invites WHERE organization = $1 AND state = 'pending' AND email_key = $2
   FOR NO KEY UPDATE

-- name: after
SELECT id, email, role, seat, state, invited_by, created_at, expires_at, person, team
  FROM invites WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: into_team
SELECT i.id, i.email, i.role, i.seat, i.state, i.invited_by, i.created_at, i.expires_at, i.person, i.team
  FROM invite_teams t CROSS JOIN invites i
 WHERE t.organization = $1 AND t.team = $2 AND t.invite > $3
   AND i.organization = $1 AND i.id = t.invite AND i.state = 'pending'
 ORDER BY t.invite LIMIT $4

-- name: inviter_of
SELECT invited_by FROM invites WHERE organization = $1 AND person = $2 AND person IS NOT NULL LIMIT 1

-- name: by_digest
SELECT organization, id, digest FROM invites WHERE digest = $1

-- name: settle
UPDATE invites SET state = $3, person = $4 WHERE organization = $1 AND id = $2

-- name: reserved
SELECT count(*) FROM invites WHERE organization = $1 AND seat = $2 AND state = 'pending' AND expires_at > $3

-- name: fall_back
-- Whoever was to have a role that is gone has what it was made from.
UPDATE invite_teams SET role = $3 WHERE organization = $1 AND role = $2 AND role NOT IN ('admin', 'member', 'viewer')

-- name: forget
DELETE FROM invites WHERE organization = $1 AND state <> 'pending' AND created_at < $2

-- name: expire
DELETE FROM invites WHERE organization = $1 AND state = 'pending' AND expires_at < $2

-- name: forget_places
DELETE FROM invite_teams
 WHERE organization = $1
   AND NOT EXISTS (SELECT 1 FROM invites i WHERE i.organization = $1 AND i.id = invite_teams.invite)

-- name: forget_team
DELETE FROM invite_teams
 WHERE organization = $1 AND team = $2
