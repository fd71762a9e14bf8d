// Writes tokens.json anew from Tokens.sol. Run here after a change of it: npm install --no-save solc@0.8.37 && node compile.mjs
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const input = {
  language: "Solidity",
  sources: { "Tokens.sol": { content: readFileSync("Tokens.sol", "utf8") } },
  settings: {
    evmVersion: "paris",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.methodIdentifiers"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const problem of output.errors ?? []) console.error(problem.formattedMessage);
if (!output.contracts) process.exit(1);

const compiled = {};
for (const [name, { abi, evm }] of Object.entries(output.contracts["Tokens.sol"])) {
  compiled[name] = { abi, bytecode: "0x" + evm.bytecode.object, selectors: evm.methodIdentifiers };
}
writeFileSync("tokens.json", JSON.stringify(compiled) + "\n");
