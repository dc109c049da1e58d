-- name: server
SELECT current_setting('server_version_num'), current_setting('server_encoding'), version(),
       current_setting('synchronous_commit')

-- name: has_migrations
-- Wherever the search path finds it, as every other statement does.
SELECT CAST(to_regclass('schema_migrations') AS TEXT) WHERE to_regclass('schema_migrations') IS NOT NULL

-- name: has_lease
SELECT name FROM schema_migrations WHERE version = 0

-- name: in_recovery
SELECT CAST(pg_is_in_recovery() AS TEXT)

-- name: make_migrations
CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
)

-- name: make_lease
INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (0, 'lease', '', 0)
    ON CONFLICT (version) DO NOTHING

-- name: figures
-- The version, and how large the database is in bytes.
SELECT current_setting('server_version'), pg_database_size(current_database())
