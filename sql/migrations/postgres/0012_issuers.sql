-- Whose tokens are taken in exchange for one of ours. audiences is a list of JSON: for whom they must be.
CREATE TABLE issuers (
    organization TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    issuer       TEXT COLLATE "C" NOT NULL,
    audiences    TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE UNIQUE INDEX "issuers.issuer" ON issuers (organization, issuer);

-- The issuer whose token was exchanged for this key; such keys end soon and are in no list.
ALTER TABLE api_keys ADD COLUMN issuer TEXT COLLATE "C";

CREATE INDEX api_keys_issuer ON api_keys (organization, issuer, id) WHERE issuer IS NOT NULL;
