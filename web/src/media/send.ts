// Which layers of the camera are sent: those somebody needs (docs/protocol.md §10).

/**
 * chooseLayers switches the layers of a camera on that are wanted (by rid; undefined: all),
 * and the others off. It tells whether anything changed.
 */
export async function chooseLayers(
  sender: RTCRtpSender,
  wanted: readonly string[] | undefined,
): Promise<boolean> {
  const parameters = sender.getParameters();
  const layers = parameters.encodings ?? [];
  if (layers.length < 2) return false; // one layer always goes
  let changed = false;
  for (const layer of layers) {
    const on = wanted === undefined || wanted.includes(layer.rid ?? '');
    if ((layer.active ?? true) !== on) {
      layer.active = on;
      changed = true;
    }
  }
  if (changed) await sender.setParameters(parameters);
  return changed;
}
