-- Templates: customers hold the same kind of event again and again.

CREATE TABLE templates (
    template_id uuid PRIMARY KEY,
    customer_id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text CHECK (char_length(description) <= 10000),
    title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    timezone text NOT NULL CHECK (char_length(timezone) BETWEEN 1 AND 64),
    listen_access text NOT NULL CHECK (listen_access IN ('assigned', 'authenticated', 'public')),
    duration_minutes integer NOT NULL CHECK (duration_minutes BETWEEN 1 AND 44640),
    -- As the channels of events; read and written as a whole.
    channels jsonb NOT NULL CHECK (jsonb_typeof(channels) = 'array'),
    -- A user's id or a service's client_id.
    created_by text NOT NULL CHECK (char_length(created_by) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version >= 1)
);

-- Lists are ordered by id, which is by time of making, within a customer or over all.
CREATE INDEX templates_by_customer ON templates (customer_id, template_id);
