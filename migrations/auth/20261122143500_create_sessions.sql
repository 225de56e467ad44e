-- Who is signed in, who tries to be, and the keys that sign access tokens.

CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    started_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of 256 random bits.
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    -- When another took its place. Its use afterwards ends the session.
    replaced_at timestamptz
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);
-- A session has one token that is good.
CREATE UNIQUE INDEX refresh_tokens_one_good ON refresh_tokens (session_id) WHERE replaced_at IS NULL;

CREATE TABLE failed_attempts (
    -- What is counted: an account (by a hash of its address), a user's password changes, a network address.
    counter text PRIMARY KEY CHECK (char_length(counter) <= 200),
    failures bigint NOT NULL CHECK (failures > 0),
    since timestamptz NOT NULL,
    locked_until timestamptz,
    forgotten_at timestamptz NOT NULL
);
CREATE INDEX failed_attempts_by_end ON failed_attempts (forgotten_at);

CREATE TABLE signing_keys (
    -- Counts the keys. Unique: instances that make the same one at once agree on the first.
    generation bigint PRIMARY KEY CHECK (generation > 0),
    kid text NOT NULL CONSTRAINT signing_keys_kid_taken UNIQUE,
    -- PKCS#8, encrypted under a key derived from AUTH_KEY_SECRET.
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL
);
