-- name: lease
-- Whoever migrates holds this row until it is done; SQLite has no such row, and one writer.
SELECT version FROM schema_migrations WHERE version = 0 FOR UPDATE

-- name: applied
SELECT version, checksum FROM schema_migrations WHERE version > 0 ORDER BY version

-- name: record
INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)
