-- name: figures
-- The version, and how large the file is in bytes.
SELECT sqlite_version(), (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())
