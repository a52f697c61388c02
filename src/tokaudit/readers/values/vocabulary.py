"""Which names do logs, tables and bills use for the same field?

Lower case English words without units; their order does not matter, better names come first.
"""

from __future__ import annotations

PHRASES = {
    "input_tokens": """
        billed input token, input token, prompt token, in token, context token, n prompt, evaluated token, prompt eval
        count, request token, query token, question token, sent token, total input token, total prompt token""",
    "output_tokens": """
        billed output token, output token, completion token, out token, generated token, generation token, response token,
        candidates token, n completion, predicted token, eval count, answer token, reply token, received token, total
        output token, total completion token""",
    "uncached_input_tokens": """
        uncached input token, uncached prompt token, uncached token, non cached input token, fresh input token, cache miss
        token, prompt cache miss token, input cache miss token""",
    "total_tokens": "total token, token",
    "cache_read_input_tokens": """
        cache read input token, cached input token, cached prompt token, cache read token, cached token, cache
        hit token, prompt cache hit token, cached content token, cache read, input cache hit token, cached input, cached
        prompt, input cache token, prompt cache token, cache token, token in cache, which cached token, which cached""",
    "cache_write_input_tokens": """
        cache creation input token, cache write input token, cache creation token, cache write token, prompt
        cache write token, cache creation, cache write, cache write input, cache creation input, which cache write""",
    "cache_write_5m_input_tokens": """
        cache write 5m input token, cache creation ephemeral 5m input token, ephemeral 5m input token, cache
        creation 5m input token, cache write 5m token, cache creation 5m token""",
    "cache_write_1h_input_tokens": """
        cache write 1h input token, cache creation ephemeral 1h input token, ephemeral 1h input token, cache
        creation 1h input token, cache write 1h token, cache creation 1h token""",
    "reasoning_output_tokens": """
        reasoning output token, reasoning completion token, reasoning token, thinking token, thinking output
        token, thoughts token, thought token, which reasoning token, which reasoning""",
    "input_audio_tokens": "audio prompt token, audio input token",
    "output_audio_tokens": "audio completion token, audio output token",
    "input_image_tokens": "image prompt token, image input token",
    "input_video_tokens": "video prompt token, video input token",
    "output_image_tokens": "image completion token, image output token",
    "cache_read_audio_tokens": """
        cached audio token, cache read audio token, cached audio input token, cache read audio input token""",
    "cache_read_image_tokens": """
        cached image token, cache read image token, cached image input token, cache read image input token""",
    "web_searches": """
        web searches, web search, web search requests, web search request, web search calls, web search call, web search
        queries, server tool web search requests, server tool use web search requests""",
    "file_searches": "file searches, file search calls, file search call, file search requests",
    "audio_length": """
        audio duration, audio length, audio, audio input, input audio, prompt audio, input audio duration, billed audio,
        billable audio, audio input duration""",
    "requests": "model requests, requests, request count, calls, call count",
    "started_at": """
        start time, started at, start, started date time, request time, request timestamp, request start time, request
        start,
        requested at, request created at, request date, timestamp, ts, time stamp, datetime, date time, time,
        event time, time generated, logged at, log time, created at, created, create time, call time, date and time, called
        at, event timestamp, log timestamp, call date, date, day""",
    "ended_at": """
        end time, ended at, end, finish time, finished at, completed at, response timestamp, response created at""",
    "latency": """
        latency, duration, elapsed, elapsed time, response time, request duration, request latency, total
        duration, total latency, delay, took, time taken, execution time, execution duration, processing time,
        generation time, total time, runtime, response latency, call latency, call duration, model latency, api latency, api
        duration, e 2e latency, end to end latency, inference time, wall time, ttlb""",
    "status": """
        status code, http status, http status code, response status, response status code, response code,
        status, outcome""",
    "error": """
        error code, error type, error class, error name, exception type, exception class, error, exception,
        error message""",
    "success": "success, is success, succeeded, ok",
    "request_model": """
        request model, requested model, model requested, model, model name, model id, engine, deployment,
        deployment name, deployment id, model identifier""",
    "response_model": "response model, served model, model served, model used",
    "provider": "provider, provider name, model provider, custom provider, api provider, vendor",
    "url": "url, uri, api base, base url, api url, target url, request url, host, upstream host, api host",
    "feature": """
        feature, feature name, use case, usecase, workload, workload id, workflow, workflow name, task, task
        name, prompt name, function, function name, tag, label, app, application, app name, application name,
        service, service name, component, endpoint, route, api key name, api key alias, key alias, key name, agent name,
        agent, scenario, purpose""",
    "team": "project, project name, product, module, team, team name, department, cost center",
    "user_id": """
        user id, user, end user, end user id, customer id, customer, username, user name, uid, safety identifier, user email""",
    "conversation_id": """
        conversation id, conversation, session id, session, thread id, chat id, chat session id, dialog id,
        dialogue id""",
    "operation_id": """
        operation id, operation key, retry group, retry group id, request group, request group id, attempt
        group, idempotency key""",
    "log_id": "log id, request id, record id, call id, event id, generation id, id, uuid",
    "response_id": "response id, completion id, chat completion id, provider response id",
    "cost": """
        cost, total cost, response cost, cost in, call cost, request cost, spend, cost amount, estimated cost, cost estimate,
        price, total price, amount""",
    "currency": "currency, cost currency, currency code",
    "cache_hit": """
        cache hit, gateway cache hit, cached response, response cached, from cache, is cached, cache status,
        cached""",
    "gateway_retries": """
        gateway retries, litellm attempted retries, x litellm attempted retries, attempted retries, x portkey retry attempt,
        portkey retry attempt""",
    "gateway_fallbacks": """
        gateway fallbacks, litellm attempted fallbacks, x litellm attempted fallbacks, attempted fallbacks""",
    "upstream_attempts": "upstream request attempt",
    "upstream_status": "upstream status",
    "service_tier": "service tier",
    "region": """
        inference geo, inference region, processing region, model region, cloud region, aws region, vertex location, vertex
        region, deployment region, endpoint region, data residency""",
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
    "token": "tokens tok toks tokenanzahl tokenzahl jeton jetons tokeny tokenow",
    "input": "eingabe entree entrada ingresso invoer wejscie wejsciowe wejsciowych indata",
    "output": "ausgabe sortie salida uscita saida uitvoer wyjscie wyjsciowe wyjsciowych utdata",
    "model": "modell modele modelo modello",
    "date": "datum fecha data",
    "time": "zeit uhrzeit heure hora ora tijd czas",
    "timestamp": "zeitstempel zeitpunkt horodatage tijdstip",
    "cost": "costs kosten gesamtkosten cout couts coste costes costo costi custo custos koszt kostnad",
    "price": "preis prix precio prezzo preco prijs cena",
    "amount": "betrag montant importe importo bedrag",
    "user": "nutzer benutzer utilisateur usuario utente gebruiker uzytkownik anvandare",
    "duration": "dauer duree duracion durata duracao duur",
    "latency": "latenz latence latencia latenza",
    "total": "gesamt summe totale totales totaal",
    "cached": "zwischengespeichert zwischengespeicherte gecacht gecachte gecachter",
    "which": "davon dont",
    "session": "sitzung sesion sessione sessao sessie",
    "provider": "anbieter fournisseur proveedor fornitore fornecedor",
    "error": "fehler erreur errore erro fout",
    "status": "statut estado stato",
    "function": "funktion fonction funcion funzione funcao",
    "app": "anwendung applicazione toepassing",
    "project": "projekt projet proyecto progetto projeto",
    "department": "abteilung departement departamento dipartimento afdeling",
    "response": "antwort reponse respuesta risposta resposta",
    "request": "anfrage requete solicitud richiesta",
    "tag": "tags",
    "label": "labels",
}
"""English word -> the same word in plural, German, French, Spanish, Italian, Portuguese, Dutch and Polish, without accents."""

EAST_ASIAN = {
    "输入": "input", "輸入": "input", "入力": "input", "输出": "output", "輸出": "output", "出力": "output", "提示词": "prompt",
    "提示": "prompt", "プロンプト": "prompt", "补全": "completion", "词元": "token", "令牌": "token", "トークン": "token",
    "模型": "model", "モデル": "model", "时间": "time", "時間": "time", "日時": "datetime", "日期": "date", "日付": "date",
    "费用": "cost", "成本": "cost", "花费": "cost", "コスト": "cost", "料金": "cost", "金额": "amount", "缓存": "cached",
    "キャッシュ": "cached", "用户": "user", "ユーザー": "user", "总": "total", "合計": "total", "总计": "total",
    "用时": "duration", "耗时": "duration", "延迟": "latency", "レイテンシ": "latency", "会话": "session",
    "会話": "conversation", "功能": "feature", "機能": "feature", "应用": "app", "项目": "project",
    "プロジェクト": "project", "数": "count", "数量": "count", "推理": "reasoning",
}  # fmt: skip
"""Chinese or Japanese word -> English word. Nothing stands between their words: longer ones are looked for first."""

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
