export function scratchFolder(): { folder: string; end(): Promise<void> };
