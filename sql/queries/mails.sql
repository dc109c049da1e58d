-- name: queue
INSERT INTO mails (organization, id, kind, about, recipient, content, state, attempts, next_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7)

-- name: any_due
SELECT CAST(1 AS BIGINT) FROM mails WHERE state = 'queued' AND next_at <= $1 LIMIT 1

-- name: due
-- Another process passes over what this one holds.
SELECT organization, id, kind, about, recipient, content, attempts, created_at
  FROM mails WHERE state = 'queued' AND next_at <= $1
 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED

-- name: claim
UPDATE mails SET attempts = attempts + 1, next_at = $3 WHERE organization = $1 AND id = $2

-- name: sent
UPDATE mails SET state = 'sent', sent_at = $3, reason = NULL, content = '{}' WHERE organization = $1 AND id = $2

-- name: failed
UPDATE mails SET state = 'failed', reason = $3, content = '{}' WHERE organization = $1 AND id = $2

-- name: put_off
UPDATE mails SET reason = $3, next_at = $4 WHERE organization = $1 AND id = $2 AND state = 'queued'

-- name: withdraw
UPDATE mails SET state = 'failed', reason = $3, content = '{}'
 WHERE organization = $1 AND about = $2 AND state = 'queued'

-- name: last_about
SELECT about, id, kind, recipient, state, reason, attempts, created_at, sent_at
  FROM mails WHERE organization = $1 AND about = $2
 ORDER BY id DESC LIMIT 1

-- name: after
SELECT about, id, kind, recipient, state, reason, attempts, created_at, sent_at
  FROM mails WHERE organization = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: forget
DELETE FROM mails
 WHERE organization = $1 AND state <> 'queued' AND created_at < $2
