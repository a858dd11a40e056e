// The SDK fits the shape by which the load processes drive it. The compiler is the test.
import { connect } from '@holdfast/client'
import { codeOf, loadSdk, type SdkConnect } from '@holdfast/testkit'
import t from 'tap'

const asLoaded: SdkConnect = connect

t.test('the SDK is what the harness loads', async (t) => {
  t.equal(await loadSdk(), asLoaded)
  const failure: unknown = await asLoaded([]).catch((error: unknown) => error)
  t.equal(codeOf(failure), 'OPTION_INVALID')
})
