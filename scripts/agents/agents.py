"""The agents that can be driven: how each is set up, started and asked to do things."""

import json
import re
import sys
from pathlib import Path

SERVER = Path(__file__).with_name("server.py")


class Agent:
    """What all have in common. `home`, `project` are folders of this run; `model` is the address of the model."""

    name = ""
    program = ""
    # The name that keysieve gives it, where that is another.
    kind = ""

    def __init__(self, home, project, model, mcp_file):
        self.home, self.project, self.model = home, project, model
        self.mcp = [sys.executable, str(SERVER), str(mcp_file)]

    def set_up(self):
        """Writes settings; returns variables for the agent's environment."""
        raise NotImplementedError

    def argv(self, prompt):
        """The command line that works on `prompt` and ends."""
        raise NotImplementedError

    def calls(self, step):
        """The calls of tools that `step` comes to; none where the agent has no such tool."""
        method = getattr(self, step.tool.replace("-", "_"), None)
        return method(*step.args) if method else []

    def path(self, name):
        """A file of the project."""
        return str(self.project / name)

    def settings(self, name, value):
        """Writes a settings file of the home."""
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


class ClaudeCode(Agent):
    name = kind = "claude-code"
    program = "claude"

    def set_up(self):
        server = {"type": "stdio", "command": self.mcp[0], "args": self.mcp[1:]}
        self.settings("mcp.json", {"mcpServers": {"notes": server}})
        return {
            "ANTHROPIC_BASE_URL": self.model,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }

    def argv(self, prompt):
        tools = "Bash,Read,Write,Edit,Grep,Glob,Task,BashOutput,NotebookEdit,mcp__notes__lookup"
        return ["claude", "-p", prompt, "--allowedTools", tools, "--mcp-config", str(self.home / "mcp.json")]

    def shell(self, line):
        return [("Bash", {"command": line, "description": "as asked"})]

    def read(self, name):
        return [("Read", {"file_path": self.path(name)})]

    def grep(self, word, name):
        return [("Grep", {"pattern": word, "path": self.path(name), "output_mode": "content"})]

    def write(self, name, text):
        return [("Write", {"file_path": self.path(name), "content": text})]

    def edit(self, name, old, new):
        edit = {"file_path": self.path(name), "old_string": old, "new_string": new}
        return self.read(name) + [("Edit", edit)]

    def lookup(self):
        return [("mcp__notes__lookup", {"topic": "all"})]

    def background(self, line):
        def output(sent):
            files = re.findall(r"Output is being written to: ([^\s\"\\]+?)\.?[\s\"\\]", sent)
            return {"file_path": files[-1] if files else "/none"}

        start = {"command": line, "description": "as asked", "run_in_background": True}
        return [("Bash", start), *self.shell("sleep 4"), ("Read", output)]

    def unfinished(self, line):
        return self.background(line)

    def subagent(self, line):
        task = {"description": "a task", "prompt": f"Run: {line}", "subagent_type": "general-purpose"}
        return [("Agent", task), *self.shell(line)]


class Codex(Agent):
    """With a model that is given each tool by itself."""

    name = kind = program = "codex"
    of_model = "gpt-5.5"

    def set_up(self):
        trust = f'[projects."{self.project}"]\ntrust_level = "trusted"\n'
        server = f"[mcp_servers.notes]\ncommand = {json.dumps(self.mcp[0])}\nargs = {json.dumps(self.mcp[1:])}\n"
        self.settings(
            ".codex/config.toml",
            f'model = "{self.of_model}"\nmodel_provider = "here"\n\n[model_providers.here]\nname = "here"\n'
            f'base_url = "{self.model}/v1"\nwire_api = "responses"\nenv_key = "HERE_KEY"\n\n{server}\n{trust}',
        )
        return {"HERE_KEY": "none"}

    def argv(self, prompt):
        # A hook that nobody has trusted does not run, and nobody is here to trust it.
        flags = ["--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust"]
        return ["codex", "exec", *flags, "--skip-git-repo-check", prompt]

    def shell(self, line):
        return [("exec_command", {"cmd": line})]

    def patch(self, text):
        return [("apply_patch", text)]

    def write(self, name, text):
        return self.patch(f"*** Begin Patch\n*** Add File: {name}\n+{text}\n*** End Patch\n")

    def edit(self, name, old, new):
        return self.patch(f"*** Begin Patch\n*** Update File: {name}\n@@\n-{old}\n+{new}\n*** End Patch\n")

    def lookup(self):
        return [("mcp__notes/lookup", {"topic": "all"})]

    def background(self, line):
        def wait(sent):
            numbers = re.findall(r"session ID (\d+)", sent)
            return {"session_id": int(numbers[-1]) if numbers else 0, "yield_time_ms": 5000}

        return [("exec_command", {"cmd": line, "yield_time_ms": 250}), ("write_stdin", wait)]

    def unfinished(self, line):
        return [("exec_command", {"cmd": line, "yield_time_ms": 1000})]


class CodexInCode(Codex):
    """With a model that is given one tool, which runs a program that calls the others."""

    name = "codex, code mode"
    of_model = "gpt-6.2-sol"

    @staticmethod
    def code(tool, value):
        return [("exec", f"text(await tools.{tool}({json.dumps(value)}));")]

    def shell(self, line):
        return self.code("exec_command", {"cmd": line})

    def patch(self, text):
        return self.code("apply_patch", text)

    def lookup(self):
        return self.code("mcp__notes__lookup", {"topic": "all"})

    def background(self, line):
        start = {"cmd": line, "yield_time_ms": 250}
        poll = "{session_id: a.session_id, yield_time_ms: 5000}"
        code = f"const a = await tools.exec_command({json.dumps(start)});"
        return [("exec", f"{code} text(a); text(await tools.write_stdin({poll}));")]

    def unfinished(self, line):
        return self.code("exec_command", {"cmd": line, "yield_time_ms": 1000})


class Gemini(Agent):
    name = kind = program = "gemini"

    def set_up(self):
        server = {"command": self.mcp[0], "args": self.mcp[1:], "trust": True}
        self.settings(
            ".gemini/settings.json",
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "privacy": {"usageStatisticsEnabled": False},
                "general": {"enableAutoUpdate": False},
                "mcpServers": {"notes": server},
            },
        )
        return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": self.model}

    def argv(self, prompt):
        return ["gemini", "-p", prompt, "--yolo", "--skip-trust"]

    def shell(self, line):
        return [("run_shell_command", {"command": line})]

    def read(self, name):
        return [("read_file", {"file_path": self.path(name)})]

    def grep(self, word, _name):
        return [("grep_search", {"pattern": word})]

    def write(self, name, text):
        return [("write_file", {"file_path": self.path(name), "content": text})]

    def edit(self, name, old, new):
        edit = {"file_path": self.path(name), "old_string": old, "new_string": new, "instruction": "as asked"}
        return [("replace", edit)]

    def lookup(self):
        return [("mcp_notes_lookup", {"topic": "all"})]

    def background(self, line):
        def output(sent):
            numbers = re.findall(r"PID: (\d+)", sent)
            return {"pid": int(numbers[-1]) if numbers else 0, "delay_ms": 3000}

        start = {"command": line, "is_background": True}
        return [("run_shell_command", start), ("read_background_output", output)]

    def unfinished(self, line):
        return self.background(line)


class Copilot(Agent):
    name = kind = program = "copilot"

    def set_up(self):
        server = {"type": "local", "command": self.mcp[0], "args": self.mcp[1:], "tools": ["*"]}
        self.settings(".copilot/mcp-config.json", {"mcpServers": {"notes": server}})
        return {
            "COPILOT_PROVIDER_BASE_URL": f"{self.model}/v1",
            "COPILOT_PROVIDER_API_KEY": "none",
            "COPILOT_MODEL": "m",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
        }

    def argv(self, prompt):
        return ["copilot", "-p", prompt, "--allow-all-tools", "--allow-all-paths", "--no-color"]

    def shell(self, line):
        return [("bash", {"command": line, "description": "as asked"})]

    def read(self, name):
        return [("view", {"path": self.path(name)})]

    def grep(self, word, name):
        return [("grep", {"pattern": word, "path": self.path(name), "output_mode": "content"})]

    def write(self, name, text):
        return [("create", {"path": self.path(name), "file_text": text})]

    def edit(self, name, old, new):
        return [("edit", {"path": self.path(name), "old_str": old, "new_str": new})]

    def lookup(self):
        return [("notes-lookup", {"topic": "all"})]

    def background(self, line):
        start = {"command": line, "description": "as asked", "mode": "async", "shellId": "later"}
        return [("bash", start), ("read_bash", {"shellId": "later", "delay": 3})]

    def unfinished(self, line):
        start = {"command": line, "description": "as asked", "mode": "sync", "initial_wait": 2, "shellId": "long"}
        return [("bash", start)]


class OpenCode(Agent):
    name = kind = program = "opencode"

    def set_up(self):
        options = {"baseURL": f"{self.model}/v1", "apiKey": "none"}
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "here", "options": options}
        provider["models"] = {"m": {"name": "m"}}
        self.settings(
            ".config/opencode/opencode.json",
            {
                "model": "here/m",
                "autoupdate": False,
                "share": "disabled",
                "permission": "allow",
                "provider": {"here": provider},
                "mcp": {"notes": {"type": "local", "command": self.mcp, "enabled": True}},
            },
        )
        return {}

    def argv(self, prompt):
        return ["opencode", "run", prompt]

    def shell(self, line):
        return [("bash", {"command": line, "description": "as asked"})]

    def read(self, name):
        return [("read", {"filePath": self.path(name)})]

    def grep(self, word, _name):
        return [("grep", {"pattern": word, "path": str(self.project)})]

    def write(self, name, text):
        return [("write", {"filePath": self.path(name), "content": text})]

    def edit(self, name, old, new):
        edit = {"filePath": self.path(name), "oldString": old, "newString": new}
        return self.read(name) + [("edit", edit)]

    def lookup(self):
        return [("notes_lookup", {"topic": "all"})]


ALL = [ClaudeCode, Codex, CodexInCode, Gemini, Copilot, OpenCode]
