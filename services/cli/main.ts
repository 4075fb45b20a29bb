#!/usr/bin/env node
/** @file The `archwalk` command. */
import { runMain } from '../../shared/lifecycle.js';
import { runProgram } from './program.js';

await runMain((context) => runProgram(process.argv.slice(2), context));
