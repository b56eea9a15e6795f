export * from "@solo-io/proxy-runtime/proxy";
import { RootContext, Context, registerRootContext, FilterHeadersStatusValues, stream_context, log, LogLevelValues } from "@solo-io/proxy-runtime";

class Root extends RootContext {
  createContext(id: u32): Context { return new Stream(id, this); }
}

class Stream extends Context {
  constructor(id: u32, root: Root) { super(id, root); }
  onRequestHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    log(LogLevelValues.info, "from AssemblyScript: " + stream_context.headers.request.get(":path"));
    return FilterHeadersStatusValues.Continue;
  }
}

registerRootContext((id: u32) => new Root(id), "as");
