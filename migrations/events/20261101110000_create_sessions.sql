-- Session records: what services tell of their sessions, kept with the event.

CREATE TABLE sessions (
    event_id integer NOT NULL REFERENCES events ON DELETE CASCADE,
    -- As the service calls it that runs it.
    session_id text COLLATE "C" NOT NULL CHECK (session_id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$'),
    -- Records outlive their channels.
    channel_id integer NOT NULL CHECK (channel_id BETWEEN 1 AND 999),
    status text NOT NULL CHECK (status IN ('active', 'ended', 'failed')),
    started_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= started_at),
    agents jsonb NOT NULL CHECK (jsonb_typeof(agents) = 'array'),
    peak_listeners jsonb NOT NULL CHECK (jsonb_typeof(peak_listeners) = 'object'),
    artefacts jsonb NOT NULL CHECK (jsonb_typeof(artefacts) = 'array'),
    -- A service's client_id, or a user's id.
    recorded_by text NOT NULL CHECK (char_length(recorded_by) BETWEEN 1 AND 200),
    recorded_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, session_id),
    CONSTRAINT sessions_end_when_they_are_not_active CHECK ((status = 'active') = (ended_at IS NULL))
);

CREATE INDEX sessions_by_start ON sessions (event_id, started_at, session_id);
