-- What LiveKit told of our rooms: kept so that a repeat has no effect, and until the live-service has heard it.

CREATE TABLE webhook_events (
    -- The order in which they came.
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    -- LiveKit's own id of the event.
    id text COLLATE "C" PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 200),
    event text NOT NULL CHECK (char_length(event) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    event_id integer NOT NULL CHECK (event_id BETWEEN 100000 AND 999999999),
    channel_id integer NOT NULL CHECK (channel_id BETWEEN 1 AND 999),
    identity text,
    attributes jsonb CHECK (jsonb_typeof(attributes) = 'object'),
    received_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'forwarded', 'given_up'))
);

CREATE INDEX webhook_events_pending ON webhook_events (position) WHERE status = 'pending';
CREATE INDEX webhook_events_by_age ON webhook_events (received_at);
