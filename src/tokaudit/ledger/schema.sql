CREATE TABLE files (
    file_id UBIGINT NOT NULL,
    name VARCHAR NOT NULL,           -- as the user named it
    path VARCHAR NOT NULL,           -- resolved: a file that grows keeps it
    content_hash VARCHAR NOT NULL,   -- of the raw bytes, all of them
    raw_size BIGINT NOT NULL,
    prefix_size BIGINT NOT NULL,     -- raw bytes that a grown version of the file begins with
    prefix_hash VARCHAR NOT NULL,
    resume_at BIGINT NOT NULL,       -- unpacked byte, or row of a table, from which a grown version is read on
    resume_line BIGINT NOT NULL,     -- lines before that place
    open_line VARCHAR,               -- JSON: what a last line without newline held: it may be half a line
    lines BIGINT NOT NULL,           -- frames, blank ones included
    blanks BIGINT NOT NULL,
    framing VARCHAR NOT NULL,
    formats VARCHAR NOT NULL,        -- JSON: reader -> rows of `records`
    asides VARCHAR NOT NULL,         -- JSON: reader and kind -> records that are no call
    columns VARCHAR NOT NULL,        -- JSON: our field -> the file's column
    options VARCHAR NOT NULL         -- JSON: the read options in force
);
CREATE TABLE contents (
    content_id UBIGINT NOT NULL, encoding VARCHAR NOT NULL, tokens BIGINT, bytes BIGINT NOT NULL,
    file_id UBIGINT NOT NULL, line BIGINT NOT NULL
);
CREATE TABLE blocks (
    content_id UBIGINT NOT NULL, encoding VARCHAR NOT NULL, position BIGINT NOT NULL, block_id UBIGINT NOT NULL,
    is_document BOOLEAN NOT NULL, is_example BOOLEAN NOT NULL, tokens BIGINT NOT NULL
);
CREATE TABLE sentences (
    block_id UBIGINT NOT NULL, position BIGINT NOT NULL, sentence_id UBIGINT NOT NULL, head_id UBIGINT, tail_id UBIGINT,
    words BIGINT NOT NULL, word_bits UBIGINT NOT NULL, has_number BOOLEAN NOT NULL
);
CREATE TABLE passages (block_id UBIGINT NOT NULL, name VARCHAR, marks BIGINT NOT NULL);
CREATE TABLE quotations (block_id UBIGINT NOT NULL, content_id UBIGINT NOT NULL, seen UBIGINT NOT NULL);
CREATE TABLE parts (
    record_id UBIGINT NOT NULL, position BIGINT NOT NULL, message BIGINT NOT NULL, role UTINYINT NOT NULL,
    kind UTINYINT NOT NULL, is_answer BOOLEAN NOT NULL, is_earlier BOOLEAN NOT NULL, content_id UBIGINT NOT NULL, prefix_id UBIGINT NOT NULL
);
CREATE TABLE records (
    file_id UBIGINT NOT NULL, record_id UBIGINT NOT NULL, call_key UBIGINT NOT NULL, line BIGINT NOT NULL,
    is_fragment BOOLEAN NOT NULL, link_key UBIGINT, previous_key UBIGINT, span_key UBIGINT, parent_span_key UBIGINT,
    fullness UTINYINT NOT NULL, reader VARCHAR NOT NULL, response_id VARCHAR, log_id VARCHAR, started_at BIGINT,
    latency_ms BIGINT, provider_name VARCHAR, request_model VARCHAR, response_model VARCHAR, operation_name VARCHAR,
    http_status BIGINT, error_type VARCHAR, finish_reason VARCHAR, feature VARCHAR, feature_from VARCHAR, user_id VARCHAR,
    conversation VARCHAR, operation VARCHAR, service_tier VARCHAR, region VARCHAR, gateway_cache_hit BOOLEAN,
    gateway_retries BIGINT, gateway_tried VARCHAR, input_tokens BIGINT,
    cache_read_input_tokens BIGINT, cache_write_5m_input_tokens BIGINT, cache_write_1h_input_tokens BIGINT,
    output_tokens BIGINT, reasoning_output_tokens BIGINT,
    input_audio_tokens BIGINT, input_image_tokens BIGINT, input_video_tokens BIGINT, cache_read_audio_tokens BIGINT,
    cache_read_image_tokens BIGINT, output_audio_tokens BIGINT, output_image_tokens BIGINT, web_searches BIGINT,
    file_searches BIGINT, audio_ms BIGINT, usage_state VARCHAR NOT NULL, usage_rule VARCHAR NOT NULL,
    logged_cost VARCHAR, encoding VARCHAR NOT NULL, encoding_is_exact BOOLEAN NOT NULL, messages BIGINT NOT NULL,
    format_tokens BIGINT NOT NULL, tool_call_tokens BIGINT NOT NULL, visible_input_tokens BIGINT NOT NULL, definition_tokens BIGINT NOT NULL,
    visible_output_tokens BIGINT NOT NULL, media BIGINT NOT NULL,
    prompt_id UBIGINT, system_id UBIGINT, tools_id UBIGINT, closing_id UBIGINT, is_correction BOOLEAN NOT NULL
);
CREATE TABLE rejects (file_id UBIGINT NOT NULL, line BIGINT NOT NULL, reason VARCHAR NOT NULL);
CREATE TABLE lineage (
    file_id UBIGINT NOT NULL, line BIGINT NOT NULL, span_key UBIGINT NOT NULL, parent_span_key UBIGINT,
    feature VARCHAR, feature_from VARCHAR, user_id VARCHAR, conversation VARCHAR
);
CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
