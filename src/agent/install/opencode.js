import { spawnSync } from "node:child_process";

// One event in, one answer out. Whatever goes wrong is thrown: the caller then withholds.
function ask(event) {
  const run = spawnSync(command[0], command.slice(1), {
    input: JSON.stringify(event),
    encoding: "utf8",
    timeout: 30000,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.error || run.status !== 0) {
    throw new Error(run.stderr || "keysieve could not be run, so nothing passes");
  }
  return run.stdout.trim() === "" ? {} : JSON.parse(run.stdout);
}

export const Keysieve = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const answer = ask({ hook: "tool.execute.before", ...input, cwd: directory, args: output.args });
    if (answer.deny) throw new Error(answer.deny);
    if (answer.args) output.args = answer.args;
  },
  "tool.execute.after": async (input, output) => {
    // Of a tool of OpenCode's own a title, a text and metadata; of one of an MCP server its result, which has parts.
    const { attachments, ...said } = output;
    try {
      const answer = ask({ hook: "tool.execute.after", ...input, cwd: directory, output: said });
      if (answer.output) Object.assign(output, answer.output);
    } catch (error) {
      const text = String(error.message ?? error);
      for (const key of Object.keys(output)) delete output[key];
      const instead = "content" in said
        ? { content: [{ type: "text", text }], isError: true }
        : { title: "withheld", output: text, metadata: {} };
      Object.assign(output, instead);
    }
  },
  "chat.message": async (input, output) => {
    const answer = ask({ hook: "chat.message", sessionID: input.sessionID, cwd: directory, parts: output.parts });
    if (answer.deny) throw new Error(answer.deny);
    if (answer.parts) output.parts.splice(0, output.parts.length, ...answer.parts);
  },
});
