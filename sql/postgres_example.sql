-- What rows look like, for a planner that has seen none. Statements are planned once on each connection, perhaps while
-- the tables are empty, and an organization's first import must not be looked through from end to end for each person.
-- So an example of every large table is shown to ANALYZE, and is gone when the transaction ends: nobody ever sees it.

INSERT INTO users (organization, id, user_name_key, active, manager, version, created_at, modified_at, resource)
SELECT 'example', 'user ' || n, 'name ' || n, true, 'user ' || n / 10, 1, 0, 0, '{}' FROM generate_series(1, 500) AS n;

INSERT INTO teams (organization, id, display_name_key, display, members, version, created_at, modified_at, resource)
SELECT 'example', 'team ' || n, 'name ' || n, '', 0, 1, 0, 0, '{}' FROM generate_series(1, 5000) AS n;

INSERT INTO memberships (organization, team, member, member_type, position)
SELECT 'example', 'team ' || n % 500 + 1, CASE WHEN n % 20 = 0 THEN 'team ' ELSE 'user ' END || n,
       CASE WHEN n % 20 = 0 THEN 'Group' ELSE 'User' END, n
  FROM generate_series(501, 10000) AS n;

INSERT INTO attribute_index (organization, resource_type, attribute, key, resource, element)
SELECT 'example', 'User', 'emails.value', 'key ' || n, 'user ' || n, 0 FROM generate_series(1, 500) AS n;

INSERT INTO events (organization, id, at, actor, request, kind, resource_type, resource, detail)
SELECT 'example', 'event ' || n, 0, '', 'request ' || n, 'user.created', 'User', 'user ' || n, '{}'
  FROM generate_series(1, 500) AS n;

INSERT INTO counters (organization, name, lane, value)
SELECT 'example', CASE WHEN n % 2 = 0 THEN 'users' ELSE 'teams' END, n, 0 FROM generate_series(0, 63) AS n;

ANALYZE users, teams, memberships, attribute_index, events, counters;

DELETE FROM counters WHERE organization = 'example';

DELETE FROM events WHERE organization = 'example';

DELETE FROM attribute_index WHERE organization = 'example';

DELETE FROM memberships WHERE organization = 'example';

DELETE FROM teams WHERE organization = 'example';

DELETE FROM users WHERE organization = 'example';
