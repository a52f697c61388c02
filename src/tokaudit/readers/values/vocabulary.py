"""Which names do logs, tables and bills use for the same field?

Lower case English words without units; their order does not matter, better names come first.
"""

from __future__ import annotations

PHRASES = {
    "input_tokens": "input token, prompt token, in token, context token, n prompt",
    "output_tokens": """
        output token, completion token, out token, generated token, generation token, response token, candidates
        token, n completion""",
    "total_tokens": "total token, token",
    "cache_read_input_tokens": """
        cache read input token, cached input token, cached prompt token, cache read token, cached token, cache
        hit token, prompt cache hit token, cached content token, cache read""",
    "cache_write_input_tokens": """
        cache creation input token, cache write input token, cache creation token, cache write token, prompt
        cache write token, cache creation, cache write""",
    "cache_write_5m_input_tokens": """
        cache write 5m input token, cache creation ephemeral 5m input token, ephemeral 5m input token, cache
        creation 5m input token, cache write 5m token, cache creation 5m token""",
    "cache_write_1h_input_tokens": """
        cache write 1h input token, cache creation ephemeral 1h input token, ephemeral 1h input token, cache
        creation 1h input token, cache write 1h token, cache creation 1h token""",
    "reasoning_output_tokens": """
        reasoning output token, reasoning completion token, reasoning token, thinking token, thinking output
        token, thoughts token, thought token""",
    "input_audio_tokens": "audio prompt token, audio input token",
    "output_audio_tokens": "audio completion token, audio output token",
    "requests": "model requests, requests, request count, calls, call count",
    "started_at": """
        start time, started at, start, started date time, request time, request timestamp, request start time, request
        start,
        requested at, request created at, request date, timestamp, ts, time stamp, datetime, date time, time,
        event time, time generated, logged at, log time, created at, created, create time, date""",
    "ended_at": """
        end time, ended at, end, finish time, finished at, completed at, response timestamp, response created at""",
    "latency": """
        latency, duration, elapsed, elapsed time, response time, request duration, request latency, total
        duration, total latency, delay, took, time taken, execution time, execution duration, processing time,
        generation time, total time, runtime""",
    "status": """
        status code, http status, http status code, response status, response status code, response code,
        status, outcome""",
    "error": """
        error code, error type, error class, error name, exception type, exception class, error, exception,
        error message""",
    "success": "success, is success, succeeded, ok",
    "request_model": """
        request model, requested model, model requested, model, model name, model id, engine, deployment,
        deployment name""",
    "response_model": "response model, served model, model served, model used",
    "provider": "provider, provider name, model provider, custom provider, api provider, vendor",
    "url": "url, uri, api base, base url, api url, target url, request url, host, upstream host, api host",
    "feature": """
        feature, feature name, use case, usecase, workload, workload id, workflow, workflow name, task, task
        name, prompt name, function, function name, tag, label, app, application, app name, application name,
        service, service name, component, endpoint, route, api key name, api key alias, key alias, key name""",
    "user_id": """
        user id, user, end user, end user id, customer id, customer, username, user name, uid, safety identifier""",
    "conversation_id": """
        conversation id, conversation, session id, session, thread id, chat id, chat session id, dialog id,
        dialogue id""",
    "operation_id": """
        operation id, operation key, retry group, retry group id, request group, request group id, attempt
        group, idempotency key""",
    "log_id": "log id, request id, record id, call id, event id, generation id, id, uuid",
    "response_id": "response id, completion id, chat completion id, provider response id",
    "cost": """
        cost, total cost, response cost, cost in, call cost, request cost, spend, cost amount, price, total
        price, amount""",
    "currency": "currency, cost currency, currency code",
    "cache_hit": """
        cache hit, gateway cache hit, cached response, response cached, from cache, is cached, cache status,
        cached""",
    "service_tier": "service tier",
    "finish_reason": "finish reason, stop reason",
    "operation_name": "operation name, operation, call type, request type",
    "prompt": """
        messages, input messages, prompt messages, prompt, prompt text, user prompt, input text, request text,
        question, query, input""",
    "system_prompt": "system prompt, system message, system, system instruction, system instructions, instructions",
    "answer": """
        response text, output text, completion text, generated text, answer text, completion, response, answer,
        output, reply""",
}

TRANSLATIONS = {
    "token": "tokens tok toks jeton jetons",
    "input": "eingabe entree entrada",
    "output": "ausgabe sortie salida",
    "model": "modell modele modelo",
    "date": "datum fecha",
    "time": "zeit uhrzeit heure hora",
    "timestamp": "zeitstempel zeitpunkt horodatage",
    "cost": "costs kosten cout couts coste costo",
    "price": "preis prix precio",
    "amount": "betrag montant importe",
    "user": "nutzer benutzer utilisateur usuario",
    "duration": "dauer duree duracion",
    "total": "gesamt summe",
    "cached": "zwischengespeichert zwischengespeicherte",
    "session": "sitzung sesion",
    "provider": "anbieter fournisseur proveedor",
    "error": "fehler erreur",
    "status": "statut estado",
    "function": "funktion fonction funcion",
    "app": "anwendung",
    "response": "antwort reponse respuesta",
    "request": "anfrage requete",
    "tag": "tags",
    "label": "labels",
}
"""English word -> the same word in plural, German, French and Spanish, without accents."""

UNITS = {
    "ms": "ms millis millisecond milliseconds msec",
    "s": "s sec secs second seconds sekunden",
    "us": "us micros microsecond microseconds",
    "ns": "ns nanos nanosecond nanoseconds",
    "usd": "usd dollar dollars",
    "cents": "cent cents",
    "other": "eur euro euros gbp cny rmb jpy inr chf cad aud credits",
}
"""Unit -> its spellings. `other` is any currency that is not USD."""
