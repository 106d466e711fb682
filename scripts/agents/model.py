"""A model of no mind: it answers in the protocols of four vendors with the tool calls it was given, one a turn, and
keeps every request. What an agent sends is read from there."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
LAST_WORD = "Done."


class Model:
    """Serves on a free port of this machine until `close`.

    `calls` are pairs of a tool's name and its input: an object for most tools, a text for one that takes free text, or
    a function that makes it of what the agent has sent.
    """

    def __init__(self, calls):
        self.calls = list(calls)
        self.requests = []
        self._next = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()

    def said(self, text):
        """Whether any request held `text`."""
        return any(text in body for _, body in self.requests)

    def turn(self, body):
        """The number and the call of this turn; none where the agent offers no tools or all calls were made."""
        with self._lock:
            if not offers_tools(body) or self._next == len(self.calls):
                return self._next, None
            name, value = self.calls[self._next]
            self._next += 1
            return self._next, (name, value(json.dumps(body)) if callable(value) else value)

    def is_done(self):
        """Whether all calls were made."""
        return self._next == len(self.calls)


def offers_tools(body):
    """Whether a request is a turn of the work; others ask for a title, or for the model that is to answer."""
    more = body.get("input")
    more = more if isinstance(more, list) else []
    return bool(body.get("tools")) or any(item.get("type") == "additional_tools" for item in more)


def handler(model):
    """The class that answers the requests for `model`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.reply("text/plain", "")

        def do_GET(self):
            model.requests.append((self.path, ""))
            self.reply("application/json", json.dumps({"object": "list", "data": [], "models": []}))

        def do_POST(self):
            text = self.body()
            model.requests.append((self.path, text))
            try:
                body = json.loads(text)
            except ValueError:
                body = {}
            path = self.path
            for part, answer in PROTOCOLS:
                if part in path:
                    return self.send(answer(model, path, body))
            self.send({})

        def body(self):
            length = self.headers.get("content-length")
            raw = self.rfile.read(int(length)) if length else self.chunks()
            if self.headers.get("content-encoding") == "gzip":
                raw = gzip.decompress(raw)
            return raw.decode("utf-8", "replace")

        def chunks(self):
            raw = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return raw

        def send(self, answer):
            """One JSON value, or a list of events."""
            if isinstance(answer, dict):
                return self.reply("application/json", json.dumps(answer))
            lines = []
            for event in answer:
                if isinstance(event, dict) and "type" in event:
                    lines.append(f"event: {event['type']}")
                lines.append("data: " + (event if isinstance(event, str) else json.dumps(event)) + "\n")
            self.reply("text/event-stream", "\n".join(lines) + "\n")

        def reply(self, kind, text):
            data = text.encode()
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def messages(model, path, body):
    """Anthropic's Messages."""
    if "count_tokens" in path:
        return {"input_tokens": 10}
    number, call = model.turn(body)
    if call:
        block = {"type": "tool_use", "id": f"toolu_{number:03}", "name": call[0], "input": {}}
        whole = {**block, "input": call[1]}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    else:
        block = {"type": "text", "text": ""}
        whole = {**block, "text": LAST_WORD}
        delta = {"type": "text_delta", "text": LAST_WORD}
    reason = "tool_use" if call else "end_turn"
    message = {
        "id": f"msg_{len(model.requests)}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "m"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    if not body.get("stream"):
        return {**message, "content": [whole], "stop_reason": reason}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]


def responses(model, _path, body):
    """OpenAI's Responses."""
    number, call = model.turn(body)
    if call is None:
        text = {"type": "output_text", "text": LAST_WORD, "annotations": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [text]}
    elif isinstance(call[1], str):
        item = {"type": "custom_tool_call", "id": f"ctc_{number}", "input": call[1]}
    else:
        item = {"type": "function_call", "id": f"fc_{number}", "arguments": json.dumps(call[1])}
    if call:
        # A tool of an MCP server has the server's name before a slash.
        space, _, name = call[0].rpartition("/")
        item |= {"call_id": f"call_{number}", "name": name} | ({"namespace": space} if space else {})
    whole = {
        "id": f"resp_{len(model.requests)}",
        "object": "response",
        "status": "completed",
        "output": [item],
        "usage": USAGE,
    }
    if body.get("stream") is False:
        return whole
    return [
        {"type": "response.created", "response": {"id": whole["id"], "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]


def completions(model, _path, body):
    """OpenAI's Chat Completions."""
    number, call = model.turn(body)
    message = {"role": "assistant", "content": None if call else LAST_WORD}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        message["tool_calls"] = [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]
    reason = "tool_calls" if call else "stop"
    head = {"id": f"c{len(model.requests)}", "created": 1, "model": body.get("model", "m")}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
    head["object"] = "chat.completion.chunk"
    return [
        {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage},
        "[DONE]",
    ]


def generate(model, path, body):
    """Google's generateContent."""
    number, call = model.turn(body)
    if call:
        part = {"functionCall": {"id": f"call_{number}", "name": call[0], "args": call[1]}}
    elif body.get("generationConfig", {}).get("responseMimeType") == "application/json":
        # The agent asks which model is to answer.
        part = {"text": json.dumps({"reasoning": "none", "model_choice": "flash", "complexity_score": 1})}
    else:
        part = {"text": LAST_WORD}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r"}
    return [whole] if "stream" in path else whole


PROTOCOLS = [
    ("/messages", messages),
    ("/responses", responses),
    ("/chat/completions", completions),
    ("enerateContent", generate),
]
