-- name: server
SELECT current_setting('server_version_num'), current_setting('server_encoding'), version()

-- name: has_migrations
SELECT table_name FROM information_schema.tables
 WHERE table_schema = current_schema() AND table_name = 'schema_migrations'

-- name: make_migrations
CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
)

-- name: make_lease
INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (0, 'lease', '', 0)
    ON CONFLICT (version) DO NOTHING
