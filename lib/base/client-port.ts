/** Where a client is sent that uses TLS, or does not: to the other port only if there is no such one (0). */
export function portFor(address: { readonly port: number; readonly tlsPort: number }, usesTls: boolean): number {
  const { port, tlsPort } = address;
  return usesTls ? tlsPort || port : port || tlsPort;
}
