"""An MCP server of one tool, over standard input and output: it says what is in the file that it was started with."""

import json
import sys


def result(request, path):
    """What a request is answered with; none for a notification."""
    match request.get("method"):
        case "initialize":
            return {
                "protocolVersion": request["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "notes", "version": "1"},
            }
        case "tools/list":
            schema = {"type": "object", "properties": {"topic": {"type": "string"}}}
            return {"tools": [{"name": "lookup", "description": "Looks a topic up.", "inputSchema": schema}]}
        case "tools/call":
            with open(path, encoding="utf-8") as file:
                return {"content": [{"type": "text", "text": file.read()}], "isError": False}
        case "ping" | "resources/list" | "prompts/list":
            return {}
    return None


for line in sys.stdin:
    request = json.loads(line)
    answer = result(request, sys.argv[1])
    if "id" in request and answer is not None:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": answer}), flush=True)
