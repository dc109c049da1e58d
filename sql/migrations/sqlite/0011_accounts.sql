-- Service accounts are SCIM users where answers have W&B's shapes: what is answered, and the name it is found by.
UPDATE users
   SET resource = json_object(
           'schemas', json_array('urn:ietf:params:scim:schemas:core:2.0:User', 'urn:roster:scim:schemas:extension:organization:1.0:User'),
           'id', id, 'userName', display, 'displayName', display, 'active', json('true'),
           'urn:roster:scim:schemas:extension:organization:1.0:User',
           json_object('organizationRole', account_type, 'seat', 'none', 'accountType', account_type,
                             'source', 'admin'))
 WHERE account_type <> 'user';

INSERT INTO attribute_index (organization, resource_type, attribute, key, resource, element)
SELECT organization, 'User', 'displayName', user_name_key, id, 0 FROM users WHERE account_type <> 'user';
