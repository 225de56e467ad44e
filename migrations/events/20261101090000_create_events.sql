-- Events, their channels and who is assigned to them: the part of the platform that every other service asks about.

CREATE TABLE events (
    event_id integer PRIMARY KEY CHECK (event_id BETWEEN 100000 AND 999999999),
    -- Customers and users live in the auth-service; their ids come here in access tokens.
    customer_id uuid NOT NULL,
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description text CHECK (char_length(description) <= 10000),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    timezone text NOT NULL CHECK (char_length(timezone) BETWEEN 1 AND 64),
    state text NOT NULL
        CHECK (state IN ('draft', 'scheduled', 'ready', 'live', 'ended', 'completed', 'cancelled')),
    listen_access text NOT NULL CHECK (listen_access IN ('assigned', 'authenticated', 'public')),
    -- The greatest channel number ever given: recordings and transcripts name channels that may be gone.
    last_channel_id integer NOT NULL CHECK (last_channel_id BETWEEN 0 AND 999),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    CONSTRAINT events_end_after_they_start CHECK (starts_at < ends_at)
);

-- Lists are ordered by these, within a customer or over all.
CREATE INDEX events_by_start ON events (starts_at, event_id);
CREATE INDEX events_by_customer_and_start ON events (customer_id, starts_at, event_id);
-- The limit on live events is counted each time one goes live.
CREATE INDEX events_live_by_customer ON events (customer_id) WHERE state = 'live';

CREATE TABLE channels (
    event_id integer NOT NULL REFERENCES events ON DELETE CASCADE,
    channel_id integer NOT NULL CHECK (channel_id BETWEEN 1 AND 999),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    source_language text NOT NULL CHECK (char_length(source_language) BETWEEN 2 AND 64),
    target_languages text[] NOT NULL
        CHECK (cardinality(target_languages) <= 30 AND source_language <> ALL (target_languages)),
    record boolean NOT NULL,
    speech boolean NOT NULL,
    -- Language, term, fixed translation; read and written as a whole.
    glossary jsonb NOT NULL CHECK (jsonb_typeof(glossary) = 'object'),
    PRIMARY KEY (event_id, channel_id)
);

CREATE TABLE speakers (
    event_id integer NOT NULL,
    channel_id integer NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (event_id, channel_id, user_id),
    FOREIGN KEY (event_id, channel_id) REFERENCES channels ON DELETE CASCADE
);
CREATE INDEX speakers_by_user ON speakers (user_id, event_id);

CREATE TABLE listeners (
    event_id integer NOT NULL REFERENCES events ON DELETE CASCADE,
    user_id uuid NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX listeners_by_user ON listeners (user_id, event_id);

-- How many events a customer may have live at once, where it differs from the service's default.
CREATE TABLE customer_limits (
    customer_id uuid PRIMARY KEY,
    max_live_events integer NOT NULL CHECK (max_live_events BETWEEN 0 AND 10000),
    updated_at timestamptz NOT NULL
);
