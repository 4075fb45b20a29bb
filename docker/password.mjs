/**
 * @file Puts the password of Redis into the file named by the argument, once: REDIS_PASSWORD where it is set, else 32 random bytes. A
 * generated password stays for as long as the file's volume does. Nothing is printed but whether there was anything to do.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
const given = process.env.REDIS_PASSWORD ?? '';
if (path === undefined) {
  process.stderr.write('password.mjs needs the path of the file to write\n');
  process.exit(2);
}
if (!/^[A-Za-z0-9._~-]{0,512}$/.test(given) || (given !== '' && given.length < 16)) {
  process.stderr.write('REDIS_PASSWORD must be 16 to 512 letters, digits, ".", "_", "~" or "-" (they need no encoding in an address)\n');
  process.exit(2);
}
if (given === '' && existsSync(path)) process.stderr.write('the password of Redis is there\n');
else {
  writeFileSync(`${path}.partial`, given === '' ? randomBytes(32).toString('base64url') : given, { mode: 0o400 });
  renameSync(`${path}.partial`, path);
  process.stderr.write(given === '' ? 'a password for Redis was generated\n' : 'the password of Redis was taken from REDIS_PASSWORD\n');
}
