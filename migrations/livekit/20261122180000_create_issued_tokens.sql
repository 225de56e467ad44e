-- Who was given which token for which room, and until when.

CREATE TABLE issued_tokens (
    token_id uuid PRIMARY KEY,
    -- The room is event-{event_id}-channel-{channel_id}.
    event_id integer NOT NULL CHECK (event_id BETWEEN 100000 AND 999999999),
    channel_id integer NOT NULL CHECK (channel_id BETWEEN 1 AND 999),
    customer_id uuid NOT NULL,
    identity text COLLATE "C" NOT NULL CHECK (char_length(identity) BETWEEN 1 AND 200),
    role text NOT NULL CHECK (role IN ('speaker', 'listener', 'asr', 'mt', 'recorder', 'bridge')),
    language text CHECK (char_length(language) BETWEEN 1 AND 64),
    -- A user's id, or a service's client_id; a guest has none.
    issued_to text CHECK (char_length(issued_to) BETWEEN 1 AND 200),
    -- Whether they were let in because they run the event.
    as_staff boolean NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at)
);

CREATE INDEX issued_tokens_by_event ON issued_tokens (event_id, issued_at, token_id);
CREATE INDEX issued_tokens_by_identity ON issued_tokens (event_id, channel_id, identity, issued_at, token_id);
