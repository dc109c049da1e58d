-- name: insert
INSERT INTO attribute_index (organization, resource_type, attribute, key, resource, element)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: fill
INSERT INTO attribute_index (organization, resource_type, attribute, key, resource, element)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (organization, resource_type, attribute, key, resource, element) DO NOTHING

-- name: forget
DELETE FROM attribute_index
 WHERE organization = $1 AND resource_type = $2 AND attribute = $3
   AND (key, resource, element) IN (
       SELECT key, resource, element FROM attribute_index
        WHERE organization = $1 AND resource_type = $2 AND attribute = $3
        ORDER BY key, resource, element
        LIMIT $4)

-- name: remove
DELETE FROM attribute_index
 WHERE organization = $1 AND resource_type = $2 AND attribute = $3 AND key = $4 AND resource = $5 AND element = $6

-- name: equal
SELECT DISTINCT resource FROM attribute_index
 WHERE organization = $1 AND resource_type = $2 AND attribute = $3 AND key = $4
 LIMIT $5
