import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../lib/base/errors.js';
import { Config } from '../../lib/config/config.js';
import { parseConfigText } from '../../lib/config/parse.js';
import type { TlsSettings } from '../../lib/host/ports.js';
import { readTls } from '../../lib/server/tls-files.js';
import { filesOf } from '../config/files.js';
import { writeCertificates } from '../host/certificates.js';
import { requireProgram } from '../tools/programs.js';

const GOOD = 'tls-cert-file member.crt\ntls-key-file member.key\ntls-ca-cert-file ca.crt\n';

describe('readTls', () => {
  let directory: string;

  before(function () {
    const openssl = requireProgram(this, 'openssl');
    directory = mkdtempSync(join(tmpdir(), 'ringkv-tls-files-'));
    writeCertificates(openssl, directory);
    const encrypted = ['-in', 'member.key', '-aes128', '-passout', 'pass:open sesame', '-out', 'encrypted.key'];
    execFileSync(openssl, ['ec', ...encrypted], { cwd: directory, stdio: 'pipe' });
    writeFileSync(join(directory, 'nonsense'), 'no certificate');
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const text = (path: string): string => readFileSync(join(directory, path), 'latin1');
  function read(config: string): TlsSettings | undefined {
    const directives = parseConfigText(config, 'ringkv.conf', filesOf({}));
    return readTls(new Config({ totalMemoryBytes: 2 ** 33 }, directives), text);
  }
  function refusal(config: string): string {
    try {
      read(config);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return 'none';
  }

  it('reads what tls-port or tls-cluster need', () => {
    for (const use of ['tls-port 7443\n', 'tls-cluster yes\ncluster-enabled yes\n']) {
      const { cert, ca, clientCertificates } = read(`${use}${GOOD}tls-auth-clients optional`) ?? {};
      expect([cert, ca, clientCertificates]).to.deep.equal([text('member.crt'), text('ca.crt'), 'optional']);
    }
  });

  it('reads nothing where nothing uses TLS', () => {
    expect(read('tls-cert-file nowhere')).to.equal(undefined);
    expect(read('tls-cluster yes')).to.equal(undefined);
  });

  it('opens a key with its password', () => {
    const encrypted = `tls-port 1\n${GOOD}tls-key-file encrypted.key\n`;
    expect(read(`${encrypted}tls-key-file-pass "open sesame"`)?.key).to.match(/^-----BEGIN PRIVATE KEY-----/);
    expect(refusal(`${encrypted}tls-key-file-pass wrong`)).to.match(/^tls-key-file: 'encrypted.key' cannot be used: /);
    expect(refusal(encrypted)).to.match(/^tls-key-file: 'encrypted.key' cannot be used: /);
  });

  it('says which option is wrong, and why', () => {
    const use = 'tls-port 1\n';
    expect(refusal(use)).to.equal('tls-cert-file: TLS needs it, and it is empty');
    expect(refusal(`${use}${GOOD}tls-key-file ""`)).to.equal('tls-key-file: TLS needs it, and it is empty');
    expect(refusal(`${use}${GOOD}tls-ca-cert-file ""`)).to.equal('tls-ca-cert-file: TLS needs it, and it is empty');
    for (const option of ['tls-cert-file', 'tls-key-file', 'tls-ca-cert-file']) {
      expect(refusal(`${use}${GOOD}${option} nowhere`)).to.match(new RegExp(`^${option}: ENOENT: .*nowhere'$`));
      expect(refusal(`${use}${GOOD}${option} nonsense`)).to.match(
        new RegExp(`^${option}: 'nonsense' cannot be used: `),
      );
    }
    expect(refusal(`${use}${GOOD}tls-key-file ca.key`)).to.equal(
      "tls-key-file: 'ca.key' is not the key of tls-cert-file 'member.crt'",
    );
  });

  it('needs no authority where nobody shows a certificate', () => {
    expect(read(`tls-port 1\n${GOOD}tls-ca-cert-file ""\ntls-auth-clients no`)?.ca).to.equal('');
    expect(refusal(`tls-cluster yes\ncluster-enabled yes\n${GOOD}tls-ca-cert-file ""\ntls-auth-clients no`)).to.match(
      /^tls-ca-cert-file: /,
    );
  });
});
