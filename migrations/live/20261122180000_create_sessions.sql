-- Sessions of the live-service: a channel of an event, from start to stop, and the agents that work in them.

CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    event_id integer NOT NULL CHECK (event_id BETWEEN 100000 AND 999999999),
    channel_id integer NOT NULL CHECK (channel_id BETWEEN 1 AND 999),
    customer_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('starting', 'active', 'stopping', 'stopped', 'failed')),
    source_language text NOT NULL CHECK (char_length(source_language) BETWEEN 1 AND 64),
    target_languages text[] NOT NULL,
    -- A user's id, or a service's client_id.
    started_by text NOT NULL CHECK (char_length(started_by) BETWEEN 1 AND 200),
    started_at timestamptz NOT NULL,
    stopping_at timestamptz,
    ended_at timestamptz,
    finished_at timestamptz,
    failure text,
    CONSTRAINT sessions_are_finished_when_stopped CHECK (finished_at IS NULL OR state = 'stopped')
);

-- Of any number of starts at once one makes a session.
CREATE UNIQUE INDEX sessions_run_once_on_a_channel ON sessions (event_id, channel_id)
    WHERE state IN ('starting', 'active', 'stopping');

CREATE INDEX sessions_by_customer ON sessions (customer_id, started_at DESC, session_id DESC);
CREATE INDEX sessions_by_event ON sessions (event_id, started_at DESC, session_id DESC);
CREATE INDEX sessions_unfinished ON sessions (started_at, session_id)
    WHERE state IN ('starting', 'active', 'stopping') OR (state = 'stopped' AND finished_at IS NULL);

CREATE TABLE session_agents (
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- Its identity in the room.
    agent_id text COLLATE "C" NOT NULL CHECK (char_length(agent_id) BETWEEN 1 AND 200),
    agent_type text NOT NULL CHECK (agent_type IN ('asr', 'mt', 'recorder', 'bridge')),
    language text CHECK (char_length(language) BETWEEN 1 AND 64),
    status text NOT NULL CHECK (status IN ('joining', 'active', 'restarting', 'ended', 'failed')),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    restarts integer NOT NULL CHECK (restarts >= 0),
    error text,
    seen_alive_at timestamptz,
    PRIMARY KEY (session_id, agent_id)
);

-- How many listened at most at the same time.
CREATE TABLE session_peaks (
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    language text COLLATE "C" NOT NULL CHECK (char_length(language) BETWEEN 1 AND 64),
    listeners bigint NOT NULL CHECK (listeners >= 0),
    PRIMARY KEY (session_id, language)
);
