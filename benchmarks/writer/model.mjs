// Runs a GGUF model: reads one question a line from standard input, writes one answer a line.
// Arguments: the folder that holds node_modules, the model's file, the number of threads.
// Question: {system, user, schema, options, seconds}. Answer: {content} or {error}.

import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, modelPath, threads] = process.argv.slice(2);
const library = path.join(folder, "node_modules", "node-llama-cpp", "dist", "index.js");
const { getLlama, LlamaChatSession } = await import(pathToFileURL(library).href);

const LARGEST_CONTEXT = 8192; // of SmolLM2; a longer question fails, as no model could read it
const llama = await getLlama({ gpu: false, build: "never", maxThreads: +threads, logLevel: "error" });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: LARGEST_CONTEXT, threads: +threads });
const sequence = context.getSequence(); // one for all questions: the same beginning is read once

async function answer({ system, user, schema, options, seconds }) {
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system });
  try {
    return await session.prompt(user, {
      grammar: schema ? await llama.createGrammarForJsonSchema(schema) : undefined,
      temperature: options.temperature,
      seed: options.seed,
      maxTokens: options.num_predict,
      signal: AbortSignal.timeout(seconds * 1000),
    });
  } finally {
    session.dispose({ disposeSequence: false });
  }
}

process.stdout.write(JSON.stringify({ content: "ready" }) + "\n");
for await (const line of readline.createInterface({ input: process.stdin })) {
  let said;
  try {
    said = { content: await answer(JSON.parse(line)) };
  } catch (error) {
    said = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(said) + "\n");
}
process.exit(0);
