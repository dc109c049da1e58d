-- name: insert
INSERT INTO people (organization, id, name_key, user_name_key, active, role, seat, source, last_active_at, search)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)

-- name: replace
-- Also where a process that knows nothing of this table made the user.
INSERT INTO people (organization, id, name_key, user_name_key, active, role, seat, source, last_active_at, search)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)
    ON CONFLICT (organization, id) DO UPDATE
   SET name_key = excluded.name_key, user_name_key = excluded.user_name_key, active = excluded.active,
       role = excluded.role, seat = excluded.seat, source = excluded.source, search = excluded.search

-- name: remove
DELETE FROM people WHERE organization = $1 AND id = $2

-- name: unfilled
SELECT id FROM people WHERE organization = $1 AND search = '' ORDER BY id LIMIT $2

-- name: seen
UPDATE people SET last_active_at = $3 WHERE organization = $1 AND id = $2 AND last_active_at < $3

-- name: by_name
SELECT name_key, CAST(0 AS BIGINT), id FROM people
 WHERE organization = $1 AND (name_key, id) > ($2, $3)
 ORDER BY name_key, id LIMIT $4

-- name: by_name_down
SELECT name_key, CAST(0 AS BIGINT), id FROM people
 WHERE organization = $1 AND (name_key, id) < ($2, $3)
 ORDER BY name_key DESC, id DESC LIMIT $4

-- name: by_user_name
SELECT user_name_key, CAST(0 AS BIGINT), id FROM users
 WHERE organization = $1 AND account_type = 'user' AND user_name_key > $2
 ORDER BY user_name_key LIMIT $3

-- name: by_user_name_down
SELECT user_name_key, CAST(0 AS BIGINT), id FROM users
 WHERE organization = $1 AND account_type = 'user' AND user_name_key < $2
 ORDER BY user_name_key DESC LIMIT $3

-- name: by_last_active
SELECT '', last_active_at, id FROM people
 WHERE organization = $1 AND (last_active_at, id) > ($2, $3)
 ORDER BY last_active_at, id LIMIT $4

-- name: by_last_active_down
SELECT '', last_active_at, id FROM people
 WHERE organization = $1 AND (last_active_at, id) < ($2, $3)
 ORDER BY last_active_at DESC, id DESC LIMIT $4

-- name: by_created
-- Ids are made in the order of creation.
SELECT '', CAST(0 AS BIGINT), id FROM people
 WHERE organization = $1 AND id > $2
 ORDER BY id LIMIT $3

-- name: by_created_down
SELECT '', CAST(0 AS BIGINT), id FROM people
 WHERE organization = $1 AND id < $2
 ORDER BY id DESC LIMIT $3

-- name: found
-- Everybody is looked at, once, and the first of those who fit are kept; an empty word fits everybody. That costs the same
-- however many fit, whereas along an index on the order every row is looked for by itself. `id > ''` leads SQLite along the
-- key, where rows lie side by side.
SELECT key, number, id
  FROM (SELECT CASE $6 WHEN 'name' THEN name_key WHEN 'userName' THEN user_name_key ELSE '' END AS key,
               CASE $6 WHEN 'lastActive' THEN last_active_at ELSE 0 END AS number, id
          FROM people
         WHERE organization = $1 AND id > ''
           AND ($7 = '' OR active = ($7 = 'active'))
           AND ($8 = '' OR role = $8)
           AND ($9 = '' OR seat = $9)
           AND ($10 = '' OR source = $10)
           AND ($11 = '' OR strpos(search, $11) > 0)
           AND ($12 = '' OR id IN (
               WITH RECURSIVE down (team) AS (
                   SELECT id FROM teams WHERE organization = $1 AND id = $12
                   UNION
                   SELECT m.member FROM down CROSS JOIN memberships m
                    WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
               )
               SELECT m.member FROM down CROSS JOIN memberships m
                WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'User'
               UNION ALL
               SELECT g.member FROM down CROSS JOIN grants g
                WHERE g.organization = $1 AND g.team = down.team AND g.team <> ''))) AS found
 WHERE (key, number, id) > ($2, $3, $4)
 ORDER BY key, number, id LIMIT $5

-- name: found_down
SELECT key, number, id
  FROM (SELECT CASE $6 WHEN 'name' THEN name_key WHEN 'userName' THEN user_name_key ELSE '' END AS key,
               CASE $6 WHEN 'lastActive' THEN last_active_at ELSE 0 END AS number, id
          FROM people
         WHERE organization = $1 AND id > ''
           AND ($7 = '' OR active = ($7 = 'active'))
           AND ($8 = '' OR role = $8)
           AND ($9 = '' OR seat = $9)
           AND ($10 = '' OR source = $10)
           AND ($11 = '' OR strpos(search, $11) > 0)
           AND ($12 = '' OR id IN (
               WITH RECURSIVE down (team) AS (
                   SELECT id FROM teams WHERE organization = $1 AND id = $12
                   UNION
                   SELECT m.member FROM down CROSS JOIN memberships m
                    WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
               )
               SELECT m.member FROM down CROSS JOIN memberships m
                WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'User'
               UNION ALL
               SELECT g.member FROM down CROSS JOIN grants g
                WHERE g.organization = $1 AND g.team = down.team AND g.team <> ''))) AS found
 WHERE (key, number, id) < ($2, $3, $4)
 ORDER BY key DESC, number DESC, id DESC LIMIT $5

-- name: count
SELECT count(*)
  FROM people
 WHERE organization = $1 AND id > ''
   AND ($2 = '' OR active = ($2 = 'active'))
   AND ($3 = '' OR role = $3)
   AND ($4 = '' OR seat = $4)
   AND ($5 = '' OR source = $5)
   AND ($6 = '' OR strpos(search, $6) > 0)
   AND ($7 = '' OR id IN (
       WITH RECURSIVE down (team) AS (
           SELECT id FROM teams WHERE organization = $1 AND id = $7
           UNION
           SELECT m.member FROM down CROSS JOIN memberships m
            WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
       )
       SELECT m.member FROM down CROSS JOIN memberships m
        WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'User'
       UNION ALL
       SELECT g.member FROM down CROSS JOIN grants g
        WHERE g.organization = $1 AND g.team = down.team AND g.team <> ''))

-- name: fitting
-- Which of a few people fit.
SELECT id
  FROM people
 WHERE organization = $1 AND id = ANY($8)
   AND ($2 = '' OR active = ($2 = 'active'))
   AND ($3 = '' OR role = $3)
   AND ($4 = '' OR seat = $4)
   AND ($5 = '' OR source = $5)
   AND ($6 = '' OR strpos(search, $6) > 0)
   AND ($7 = '' OR id IN (
       WITH RECURSIVE down (team) AS (
           SELECT id FROM teams WHERE organization = $1 AND id = $7
           UNION
           SELECT m.member FROM down CROSS JOIN memberships m
            WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'Group'
       )
       SELECT m.member FROM down CROSS JOIN memberships m
        WHERE m.organization = $1 AND m.team = down.team AND m.member_type = 'User'
       UNION ALL
       SELECT g.member FROM down CROSS JOIN grants g
        WHERE g.organization = $1 AND g.team = down.team AND g.team <> ''))

-- name: note_day
-- A bit of its own for each day; nothing is written where it is set.
INSERT INTO active_days (organization, period, person, days)
SELECT organization, CAST($3 AS BIGINT), id, CAST($4 AS BIGINT) FROM people WHERE organization = $1 AND id = $2
    ON CONFLICT (organization, period, person) DO UPDATE SET days = active_days.days | excluded.days
 WHERE active_days.days & excluded.days = 0

-- name: days
-- How many people have each pattern of days.
SELECT period, days, count(*) FROM active_days WHERE organization = $1 AND period >= $2 GROUP BY period, days

-- name: weeks
-- How many people were here in each of a period's four weeks.
SELECT period, CAST(sum(CASE WHEN days & 127 <> 0 THEN 1 ELSE 0 END) AS BIGINT),
       CAST(sum(CASE WHEN days & 16256 <> 0 THEN 1 ELSE 0 END) AS BIGINT),
       CAST(sum(CASE WHEN days & 2080768 <> 0 THEN 1 ELSE 0 END) AS BIGINT),
       CAST(sum(CASE WHEN days & 266338304 <> 0 THEN 1 ELSE 0 END) AS BIGINT)
  FROM active_days WHERE organization = $1 AND period >= $2 GROUP BY period

-- name: distinct
-- Of the first period only the days of a mask count.
SELECT count(DISTINCT person) FROM active_days
 WHERE organization = $1 AND period >= $2 AND (period > $2 OR days & $3 <> 0)

-- name: forget_days
DELETE FROM active_days
 WHERE organization = $1 AND period < $2
   AND (period, person) IN (
       SELECT period, person FROM active_days WHERE organization = $1 AND period < $2 ORDER BY period, person LIMIT $3)
