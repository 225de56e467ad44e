-- As what events of the old system were taken over, so that the same file twice is the same as once.

CREATE TABLE imported_events (
    customer_id uuid NOT NULL,
    -- The old id, or what stands for it.
    import_key text NOT NULL CHECK (char_length(import_key) BETWEEN 1 AND 300),
    -- Not a reference: an event that was deleted here does not come back.
    event_id integer NOT NULL CHECK (event_id BETWEEN 100000 AND 999999999),
    -- The version that the import made: another one means that the event was changed here since.
    version bigint NOT NULL CHECK (version >= 1),
    -- What was imported, as text: it is only ever compared as a whole.
    content text NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, import_key)
);
